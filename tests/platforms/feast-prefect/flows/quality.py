from prefect import flow

from lib.store import Lake


@flow(log_prints=True)
def quality():
    users = Lake().read("users")
    print(users.shape, users.isna().sum())
    bad = users[users["country"].isna()]
    print(bad[["email", "country"]].head())


if __name__ == "__main__":
    quality()
