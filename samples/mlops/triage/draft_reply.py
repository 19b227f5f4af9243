"""Drafts replies for the support desk; a person reads each before it is sent."""

import logging

import anthropic
import pandas as pd

logger = logging.getLogger(__name__)

client = anthropic.Anthropic()


def main() -> None:
    tickets = pd.read_json("s3://lend-tickets/dump/tickets.jsonl", lines=True)
    for _, ticket in tickets.iterrows():
        message = client.messages.create(
            model="claude-sonnet-4-5",
            max_tokens=400,
            system="Write a short, friendly reply to the customer.",
            messages=[{"role": "user", "content": f"{ticket['customer_email']} wrote: {ticket['body']}"}],
        )
        logger.info("drafted %d characters for %s", len(message.content[0].text), ticket["customer_email"])


if __name__ == "__main__":
    main()
