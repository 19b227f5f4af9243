"""Summaries of open tickets by a language model."""
from openai import OpenAI
from prefect import flow, task

from lib.store import Lake

client = OpenAI()
PROMPT = "Summarise this ticket in one line: {body}"


@task
def summarise(body: str) -> str:
    answer = client.chat.completions.create(
        model="small", messages=[{"role": "user", "content": PROMPT.format(body=body)}]
    )
    return answer.choices[0].message.content


@flow
def main():
    tickets = Lake().read("tickets")
    for ticket in tickets.to_dict("records"):
        summarise(ticket["body"])


if __name__ == "__main__":
    main()
