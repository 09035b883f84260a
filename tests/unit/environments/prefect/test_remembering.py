"""The default storage for results is read once, until it may have been changed."""

import asyncio

import pytest

from pipeproof.environments.prefect.internals.server.remembering import StorageAnswers

RUN = "5e1f5e1f-5e1f-4e1f-8e1f-5e1f5e1f5e1f"


class Application:
    """Answers with how often it was asked; `meanwhile` is done while it answers."""

    def __init__(self):
        self.asked = 0
        self.status = 200
        self.meanwhile = None

    async def __call__(self, scope, receive, send):
        self.asked += 1
        body = str(self.asked).encode()
        if self.meanwhile and scope["method"] == "GET":
            await self.meanwhile()
        if self.status is None:
            return
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def application():
    return Application()


@pytest.fixture
def answers(application):
    return StorageAnswers(application)


async def asking(answers, method="GET", path="/api/admin/storage", headers=()):
    sent = []

    async def send(message):
        sent.append(message)

    await answers({"type": "http", "method": method, "path": path, "headers": list(headers)}, None, send)
    return sent[-1]["body"]


def ask(answers, *args, **kwargs):
    return asyncio.run(asking(answers, *args, **kwargs))


def test_storage__asked_for_again(answers, application):
    assert [ask(answers), ask(answers)] == [b"1", b"1"]
    assert application.asked == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/flow_runs/"), ("POST", f"/api/flow_runs/{RUN}/set_state"), ("GET", "/api/flow_runs/filter")],
)
def test_storage__after_what_cannot_change_it(answers, method, path):
    ask(answers)
    ask(answers, method, path)
    assert ask(answers) == b"1"


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/api/admin/storage"), ("DELETE", "/api/admin/storage"), ("DELETE", "/api/block_documents/5")],
)
def test_storage__after_a_change(answers, method, path):
    ask(answers)
    ask(answers, method, path)
    assert ask(answers) == b"3"


def test_storage__with_other_headers(answers):
    """The version of the API that a client asks for is among them."""
    ask(answers)
    assert ask(answers, headers=[(b"x-prefect-api-version", b"0.8.3")]) == b"2"


def test_storage__changed_while_it_is_read(answers, application):
    """What was read before the change is not remembered."""

    async def change():
        application.meanwhile = None
        await asking(answers, "PUT")

    application.meanwhile = change
    ask(answers)
    assert ask(answers) == b"3"


def test_storage__could_not_be_read(answers, application):
    """An error is not remembered."""
    application.status = 503
    ask(answers)
    application.status = 200
    assert ask(answers) == b"2"


def test_storage__nobody_waits_for_the_answer(answers, application):
    """Who asked has gone before it was answered: there is nothing to remember, and nothing fails."""
    application.status = None

    async def play():
        await answers({"type": "http", "method": "GET", "path": "/api/admin/storage", "headers": []}, None, None)

    asyncio.run(play())
    application.status = 200
    assert ask(answers) == b"2"
