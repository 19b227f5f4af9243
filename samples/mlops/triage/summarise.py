"""One-line summaries of new tickets, for the morning list of the support desk."""

import pandas as pd
from openai import OpenAI

client = OpenAI()

PROMPT = "Summarise the ticket in one sentence and say whether the customer has written before."


def summary(ticket: pd.Series) -> str:
    question = f"From: {ticket['customer_email']}\nSubject: {ticket['subject']}\n\n{ticket['body']}"
    answer = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {"role": "system", "content": PROMPT},
            {"role": "user", "content": question},
        ],
    )
    return answer.choices[0].message.content


def main() -> None:
    tickets = pd.read_json("s3://lend-tickets/dump/tickets.jsonl", lines=True)
    tickets["summary"] = tickets.apply(summary, axis=1)
    tickets[["ticket_id", "summary"]].to_json("s3://lend-tickets/summaries/latest.jsonl", orient="records", lines=True)


if __name__ == "__main__":
    main()
