"""Who may read the desk, and what its pages may do."""

import base64

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app, serve_desk
from flows.desk.guard import HEADERS
from tasks.settings import ConfigError, Settings
from warehouse.layers.layout import Layout

VIEWS = ("/", "/attention", "/export/attention.csv", "/static/desk.css", "/nowhere")


@pytest.mark.parametrize("path", VIEWS)
def test_every_answer_has_the_policy(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize(
    "host", ["evil.test", "127.0.0.1.evil.test", "evil.test:8700", "", "[::2]"]
)
def test_another_host_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "127.0.0.1" in answer.text


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1", "[::1]:8700"])
def test_this_machine_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403),
        (
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "iframe",
            },
            403,
        ),
    ],
)
def test_other_sites_may_only_link(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    assert client.get("/", headers=headers).status_code == status


def test_password_is_asked_for(layout: Layout) -> None:
    app = create_app(layout, Settings(data=layout.root), password="p:ä")
    client = TestClient(app, base_url="http://papers.test")

    def status(given: str) -> int:
        encoded = base64.b64encode(given.encode()).decode()
        answer = client.get("/", headers={"Authorization": f"Basic {encoded}"})
        return int(answer.status_code)

    assert client.get("/").status_code == 401
    assert [status(each) for each in ("", "x", "x:", "x:p", "x:p:ä ", "x:p:ä", ":p:ä")] == [
        *(401,) * 5,
        *(200, 200),
    ]
    assert client.get("/", headers={b"Authorization": b"Basic \xe4"}).status_code == 401


def test_another_address_needs_a_password(layout: Layout) -> None:
    with pytest.raises(ConfigError, match="PRESSWATCH_DESK_PASSWORD"):
        serve_desk(layout, Settings(data=layout.root), "0.0.0.0", 0, print)


def test_nothing_changes_anything(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert client.request(method, "/attention").status_code == 405
