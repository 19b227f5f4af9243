"""Registration against a local stub of the registry."""

import boto3

from training import register


def test_registers_in_the_credit_group(monkeypatch):
    calls = []

    class Stub:
        def create_model_package(self, **arguments):
            calls.append(arguments)

    session = boto3.Session(aws_access_key_id="AKIAQ7M2XK5RJ3VTN6WB", region_name="us-east-2")
    assert session.region_name == "us-east-2"
    monkeypatch.setattr(register.boto3, "client", lambda *_, **__: Stub())
    register.main()
    assert calls[0]["ModelPackageGroupName"] == "credit-risk"
