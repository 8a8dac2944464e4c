import pickle
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.settings import ConfigError, Limits, Settings, misspelt
from tests.support.settings_table import GUIDE, guide


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "DATA",
        "CONTACT",
        "WORKERS",
        "DASK",
        "LIMITS",
        "LIMITS__MAX_BYTES",
        "RECHECK_AFTER",
    ):
        monkeypatch.delenv(f"PRESSWATCH_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.data == tmp_path / "data"
    assert settings.contact == ""
    assert settings.limits == Limits()
    assert settings.limits.max_bytes == 10_000_000
    assert settings.processes >= 1


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSWATCH_DATA", "~/news")
    monkeypatch.setenv("PRESSWATCH_WORKERS", "3")
    monkeypatch.setenv("PRESSWATCH_LIMITS__MAX_BYTES", "5000")
    settings = Settings()
    assert settings.data == Path("~/news").expanduser()
    assert settings.processes == 3
    assert settings.limits.max_bytes == 5000
    assert settings.limits.max_tries == Limits().max_tries


@pytest.mark.parametrize(
    ("given", "hours"),
    [("", (3, 24, 168)), ("off", ()), ("2d,90m, 2d", (1.5, 48)), ("1w", (168,))],
)
def test_the_recheck_schedule(
    monkeypatch: pytest.MonkeyPatch, given: str, hours: tuple[float, ...]
) -> None:
    monkeypatch.setenv("PRESSWATCH_RECHECK_AFTER", given)
    assert Settings().recheck_after == tuple(timedelta(hours=each) for each in hours)


def test_when_a_source_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSWATCH_LIMITS__FIRST_SKIP", "90m")
    limits = Settings().limits
    assert (limits.failures_to_skip, limits.longest_skip) == (3, timedelta(days=1))
    assert limits.first_skip == timedelta(minutes=90)
    monkeypatch.setenv("PRESSWATCH_LIMITS__FIRST_SKIP", "soon")
    with pytest.raises(ConfigError, match="LIMITS__FIRST_SKIP: must be like 90m, 6h or 1d"):
        Settings()


def test_a_relative_data_folder_survives_a_change_of_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings(data=Path("here"))
    monkeypatch.chdir("/")
    assert settings.data == tmp_path / "here"


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSWATCH_DATA", "")
    monkeypatch.setenv("PRESSWATCH_WORKERS", "")
    assert Settings() == Settings(data=Path("data"), workers=0)


@pytest.mark.parametrize(
    ("contact", "tail"),
    [
        ("", ""),
        ("desk@example.org", " (+desk@example.org)"),
        ("https://example.org/bot", " (+https://example.org/bot)"),
    ],
)
def test_the_user_agent_says_whom_to_ask(contact: str, tail: str) -> None:
    product, _, rest = Settings(contact=contact).user_agent.partition(" ")
    name, _, number = product.partition("/")
    assert name == "Presswatch"
    assert number.count(".") >= 1
    assert (f" {rest}" if rest else "") == tail


@pytest.mark.parametrize(
    "contact", ["me", "a b@c.de", "x@y.z\r\nHost: evil", "https://", "ftp://a.de", "a@b.de)"]
)
def test_a_contact_that_cannot_stand_in_a_header(
    monkeypatch: pytest.MonkeyPatch, contact: str
) -> None:
    monkeypatch.setenv("PRESSWATCH_CONTACT", contact)
    with pytest.raises(ConfigError, match=r"^PRESSWATCH_CONTACT: must be a mail address or"):
        Settings()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("PRESSWATCH_WORKERS", "-1", "greater than or equal to 0, got '-1'"),
        ("PRESSWATCH_WORKERS", "many", "got 'many'"),
        ("PRESSWATCH_LIMITS__MAX_BYTES", "10MB", "got '10MB'"),
        ("PRESSWATCH_LIMITS__MAX_SECONDS", "0", "greater than 0, got '0'"),
        ("PRESSWATCH_LIMITS__PAGE_SECONDS", "nan", "finite number"),
        ("PRESSWATCH_LIMITS__MAX_SECONDS", "1e300", "less than or equal to 1000000"),
        ("PRESSWATCH_LIMITS__MAX_ENTRIES", "9" * 30, "less than or equal to 1000000000000000"),
        ("PRESSWATCH_HISTORY__PAUSE_SECONDS", "1e10", "less than or equal to 1000000"),
        ("PRESSWATCH_DATA", "/news?", "a path without a question mark, got '/news?'"),
        ("PRESSWATCH_LIMITS__MAX_BITES", "3", "unknown key, did you mean max_bytes?"),
        ("PRESSWATCH_RECHECK_AFTER", "3h, soon", "like 3h, 1d, 7d, or off, got 'soon'"),
        ("PRESSWATCH_RECHECK_AFTER", "0d", "got '0d'"),
        ("PRESSWATCH_DASK", "host:8786", "an address like tcp://host:8786, got 'host:8786'"),
        ("PRESSWATCH_DASK", "tcp://host", "an address like tcp://host:8786, got 'tcp://host'"),
        ("PRESSWATCH_DASK", "tcp://fe80::1:8786", "an address like tcp://host:8786"),
        ("PRESSWATCH_LIMITS", "[3]", "must be a table"),
        ("PRESSWATCH_LIMITS", "{", "PRESSWATCH_LIMITS"),
        ("PRESSWATCH_UPKEEP", "{", "PRESSWATCH_UPKEEP"),
        ("PRESSWATCH_UPKEEP__KEEP_RAW_DAYS", "-1", "greater than or equal to 0"),
        ("PRESSWATCH_UPKEEP__COMPACT_AFTER_DAYS", "0", "greater than or equal to 1"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        Settings()
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"{variable}: ")
    assert message in line


@pytest.mark.parametrize("dask", ["tcp://10.0.0.5:8786", "tls://dask.local:8786", "tcp://[::1]:1"])
def test_addresses_of_a_dask_scheduler(monkeypatch: pytest.MonkeyPatch, dask: str) -> None:
    assert Settings().dask == ""
    monkeypatch.setenv("PRESSWATCH_DASK", dask)
    assert Settings().dask == dask


def test_settings_are_frozen() -> None:
    settings = Settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.workers = 2
    with pytest.raises(ValueError, match="frozen"):
        settings.limits.max_bytes = 2


def test_limits_and_errors_cross_a_process_border() -> None:
    assert pickle.loads(pickle.dumps(Limits())) == Limits()
    error = pickle.loads(pickle.dumps(ConfigError(["a: b", "c: d"])))
    assert str(error) == "a: b\nc: d"
    assert isinstance(error, ValueError)


def test_the_guide_has_all_settings() -> None:
    """Otherwise run `python -m tests.support.settings_table`."""
    assert GUIDE.read_text(encoding="utf-8") == guide()


@pytest.mark.parametrize("given", ["http://host/news", "gs://bucket/news", "S3://bucket/news"])
def test_a_data_folder_is_no_address(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("PRESSWATCH_DATA", given)
    with pytest.raises(ConfigError, match="PRESSWATCH_DATA: must be a folder or like s3://"):
        Settings()


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("CONTCT", "CONTACT"),
        ("LIMITZ__MAX_TRIES", "LIMITS__MAX_TRIES"),
        ("UPKEEP_KEEP_RAW_DAYS", "UPKEEP__KEEP_RAW_DAYS"),
        ("KEEP_RAW_DAYS", "UPKEEP__KEEP_RAW_DAYS"),
        ("LIMITS__PAGES_A_RUN", None),
        ("DATA", None),
        ("SAMPLE_PORT", None),
        ("PORT", None),
        ("ALERTS_MAIL", None),
    ],
)
def test_a_misspelt_setting_is_named(given: str, meant: str | None) -> None:
    name = f"PRESSWATCH_{given}"
    wanted = [f"{name}: no such setting, did you mean PRESSWATCH_{meant}?"] if meant else []
    assert list(misspelt([name, "CONTCT", "presswatch_data"])) == wanted
