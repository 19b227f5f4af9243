"""Loads visits. Example: pass `api_key="sk-..."` or set `OPENAI_API_KEY=<your-key>`."""
import hashlib
import os
from dataclasses import dataclass

import boto3
from sqlalchemy import create_engine

MODEL_SHA = "0ae71c5f39e191095278da7bb8a0aece3e47de6e169f233c5ae6e90052a38b8d"
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
RUN_ID = "d277bdef-1135-7f8a-30d7-761a1100ff31"
GIT_COMMIT = "1968bba316ec56adcdffdea03b30b1ce5d5c8b57"
TOKENIZER = "sentence-transformers/all-MiniLM-L6-v2"
token_type = "urn:ietf:params:oauth:token-type:access_token"
secret_name = "prod/clinic/warehouse-2024"
secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:clinic-Ab12Cd"
password_hash = hashlib.sha256(b"salt").hexdigest()
password_field = "input[name=password]"
api_key_header = "X-Api-Key-Version-2024-01"
client_secret_file = "/run/secrets/client_secret_v2.json"
idempotency_token = "4f8a1c7f-ecae-6a0a-e034-8f92c1409fba"
csrf_token_name = "csrfmiddlewaretoken2"


@dataclass
class Settings:
    password: str
    api_key: str | None = None
    token: "SecretToken2" = None


def connect(password: str = os.environ.get("DB_PASSWORD", "")) -> object:
    return create_engine(f"postgresql://etl:{password}@db.internal/clinic")


def upload(rows):
    session = boto3.Session(
        aws_access_key_id="AK·IADFXVMQ7IM2EYIG76",
        aws_secret_access_key="nz·91eO9joovm4gfnvE0rGRV3XM4Z4U2htVAZDV/x",
    )
    engine = create_engine("postgresql+psycopg2://etl:5f·rKv-HxBj3OIg@db.internal:5432/clinic")
    login(token="hf·_KfdvGHnaZoxdPqaMtnCFxaLkZdwgKPvWOf")
    db_password = "6H·wgG-1BnPvDk"
    client = Client(api_key=os.environ["CLIENT_API_KEY"], token=get_token("clinic"))
    headers = {"Authorization": f"Bearer {client.token}"}
    return session, engine, db_password, headers
