import contextlib
import os

import pytest

from gluon_softmax.cluster.roles import Role, given_role, refuse_role
from gluon_softmax.cluster.server import hidden_role
from gluon_softmax.errors import UsageError

VARIABLES = {
    "DMLC_ROLE": "worker",
    "DMLC_PS_ROOT_URI": "10.0.0.1",
    "DMLC_PS_ROOT_PORT": "9091",
    "DMLC_NUM_WORKER": "3",
    "DMLC_NUM_SERVER": "2",
}


@pytest.mark.parametrize("name", ["scheduler", "server", "worker"])
def test_role(name):
    role = given_role("dist_sync", 200, {**VARIABLES, "DMLC_ROLE": name})
    assert role == Role(name, "10.0.0.1:9091", 3, 2, 25)


def test_time_to_join():
    variables = {**VARIABLES, "GLUON_SOFTMAX_JOIN_SECONDS": "600"}
    assert given_role("dist_sync", 3, variables).join_seconds == 600


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DMLC_ROLE", "boss", "DMLC_ROLE=boss: choose scheduler, server or worker"),
        (
            "DMLC_PS_ROOT_PORT",
            "65536",
            "DMLC_PS_ROOT_PORT=65536: choose a whole number, 1 to 65535",
        ),
        ("DMLC_PS_ROOT_PORT", "http", "DMLC_PS_ROOT_PORT=http: choose a whole number"),
        ("DMLC_NUM_WORKER", "0", "DMLC_NUM_WORKER=0: choose a whole number, 1 to 1000"),
        ("DMLC_NUM_WORKER", "201", "DMLC_NUM_WORKER=201: more workers than examples in a batch"),
        ("DMLC_NUM_SERVER", "-1", "DMLC_NUM_SERVER=-1: choose a whole number, 1 to 1000"),
        ("DMLC_NUM_SERVER", "1.0", "DMLC_NUM_SERVER=1.0: choose a whole number, 1 to 1000"),
        ("GLUON_SOFTMAX_JOIN_SECONDS", "0", "GLUON_SOFTMAX_JOIN_SECONDS=0: choose whole seconds"),
        ("GLUON_SOFTMAX_JOIN_SECONDS", "soon", "GLUON_SOFTMAX_JOIN_SECONDS=soon: choose whole"),
        ("PORT", "9091", "unset PORT"),
    ],
)
def test_variables_that_cannot_be(name, value, words):
    with pytest.raises(UsageError) as raised:
        given_role("dist_sync", 200, {**VARIABLES, name: value})
    assert words in str(raised.value)


def test_another_port_of_its_own_may_be_set():
    assert given_role("dist_sync", 200, {**VARIABLES, "PORT": "9092"})
    assert given_role("dist_sync", 200, {**VARIABLES, "PORT": "9091", "DMLC_ROLE": "scheduler"})


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_that_is_missing(name):
    for without in ({k: v for k, v in VARIABLES.items() if k != name}, {**VARIABLES, name: ""}):
        with pytest.raises(UsageError, match=f"variables are not set: {name};"):
            given_role("dist_sync", 200, without)


def test_no_roles_at_all():
    with pytest.raises(
        UsageError, match=f"not set: {', '.join(VARIABLES)}; `gluon-softmax cluster`"
    ):
        given_role("dist_sync", 200, {})


@pytest.mark.parametrize(
    ("kvstore", "words"),
    [
        ("dist_async", "depend on timing and cannot be reproduced"),
        ("local", "'local': choose dist_sync"),
        ("", "'': choose dist_sync"),
        ("dist_sync_device", "'dist_sync_device': choose dist_sync"),
    ],
)
def test_other_stores(kvstore, words):
    with pytest.raises(UsageError, match=words):
        given_role(kvstore, 200, VARIABLES)


@pytest.mark.parametrize("name", ["scheduler", "server"])
def test_a_role_without_the_option(name):
    with pytest.raises(UsageError, match=f"DMLC_ROLE={name} is set, but this command does not"):
        refuse_role({"DMLC_ROLE": name})
    refuse_role({"DMLC_ROLE": "worker"})
    refuse_role({})


def test_the_role_is_hidden_and_put_back(monkeypatch):
    monkeypatch.setenv("DMLC_ROLE", "server")
    with contextlib.suppress(KeyError), hidden_role():
        os.environ["DMLC_ROLE"]
        raise AssertionError("it is there")
    assert os.environ["DMLC_ROLE"] == "server"
