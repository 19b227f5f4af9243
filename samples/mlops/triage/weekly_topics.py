"""What last week's tickets were about, in words, for the team meeting."""

import pandas as pd
from openai import OpenAI


def main() -> None:
    tickets = pd.read_json("s3://lend-tickets/dump/tickets.jsonl", lines=True)
    counts = tickets.groupby("subject")["ticket_id"].count()
    answer = OpenAI().chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": f"Describe these weekly ticket counts in two sentences: {counts.to_dict()}"}],
    )
    print(answer.choices[0].message.content)


if __name__ == "__main__":
    main()
