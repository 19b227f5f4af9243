def test_login_refuses_a_wrong_password(client):
    response = client.post("/login", json={"username": "ana", "password": "wrong-password"})
    assert response.status_code == 401
    assert client.post("/login", json={"password": "test", "token": "invalid-token"}).status_code == 401


def test_token_expires(client):
    token = client.token_for("ana", secret="not-a-secret")
    assert token.password is None
    assert decode("eyJhbGciOiJIUzI1NiJ9.e30.") is None
