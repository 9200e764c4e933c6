from __future__ import annotations

from pathlib import Path

from server.launcher import postgresql, rabbitmq, redis


def test_postgresql_listens_on_no_network() -> None:
    text = postgresql.settings_text(Path("/home/bob's/run"))
    assert "listen_addresses = ''\n" in text
    assert "unix_socket_directories = '/home/bob''s/run'\n" in text


def test_redis_listens_on_no_network_and_forgets_nothing() -> None:
    text = redis.settings_text(Path('/home/a "b"/redis'), Path("/run/redis.sock"))
    assert "port 0\n" in text
    assert 'dir "/home/a \\"b\\"/redis"\n' in text
    assert "maxmemory-policy noeviction\n" in text


def test_rabbitmq_listens_on_loopback_and_has_no_guest() -> None:
    text = rabbitmq.settings_text(40000, "a-password")
    assert "listeners.tcp.1 = 127.0.0.1:40000\n" in text
    assert "default_user = matinee\n" in text
    assert "guest" not in text
