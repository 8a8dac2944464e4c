"""alerts.toml: what is read, and the line about each mistake."""

from pathlib import Path

import pytest

from tasks.monitor.alert_settings import AlertSettings, Kind, load_alerts
from tasks.monitor.channels import AppriseChannel
from tasks.settings import ConfigError, Settings
from tests.support.sample_newsroom import DEPLOYMENTS

MAIL = "mailto://user:hidden@127.0.0.1:25?from=a@example.org&to=b@example.org"


def read(folder: Path, text: str) -> AlertSettings:
    path = folder / "alerts.toml"
    path.write_text(text, encoding="utf-8")
    return load_alerts(Settings(alerts=path))


def test_the_file_that_is_shipped_has_every_key_at_its_default() -> None:
    path = DEPLOYMENTS / "alerts.toml"
    assert load_alerts(Settings(alerts=path)) == AlertSettings()
    text = path.read_text(encoding="utf-8")
    assert [key for key in AlertSettings.model_fields if f"\n{key} = " not in text] == []
    assert [kind for kind in Kind if kind not in text] == []


def test_the_handbook_explains_every_kind_and_its_example_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (DEPLOYMENTS / "production.md").read_text(encoding="utf-8")
    assert [kind for kind in Kind if f"| `{kind}` |" not in text] == []
    monkeypatch.setenv("ALERTS_MAIL", MAIL)
    example = text.partition("```toml\n# alerts.toml")[2].partition("```")[0]
    assert read(tmp_path, f"#{example}").urls == (MAIL,)


def test_no_file_at_the_default_path_is_as_good_as_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_alerts(Settings()) == AlertSettings()
    monkeypatch.setenv("PRESSWATCH_ALERTS", str(tmp_path / "other.toml"))
    with pytest.raises(ConfigError, match=r"other\.toml: the file is missing"):
        load_alerts(Settings())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('url = ["json://127.0.0.1"]', "url: unknown key, did you mean urls?"),
        ("no_load_hours = 0", "no_load_hours: must be greater than or equal to 1, got 0"),
        ('no_load_hours = "6h"', "no_load_hours: "),
        ("digest_hour = 24", "digest_hour: must be less than or equal to 23, got 24"),
        ('digest = "hourly"', "digest: must be 'off', 'daily' or 'weekly', got 'hourly'"),
        ('off = ["spikes"]', "off[0]: must be 'no_load', 'no_worker'"),
        (f'urls = "{MAIL}"', 'urls: must be a list of addresses, such as ["mailto://..."]'),
        (f'urls = ["{MAIL}", "nope://hidden"]', "urls: [1] is not an address that Apprise knows"),
        ('urls = ["mailto://hidden"]', "urls: [0] is not an address that Apprise knows"),
        ('urls = ["${NOT_SET}"]', "urls: [0] names $NOT_SET, which is not set"),
        ('urls = ["json://a/$ b"]', "urls: [0] has a $ without a name: write $$ for a dollar"),
        ("urls = [", "not valid TOML: "),
    ],
)
def test_a_mistake_is_a_line_with_file_key_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        read(tmp_path, text)
    (line,) = wrong.value.problems
    assert line.startswith(f"{tmp_path / 'alerts.toml'}: {said}")
    assert "hidden" not in line


def test_a_channel_is_called_by_no_secret() -> None:
    names = [AppriseChannel(MAIL).name, AppriseChannel(f"{MAIL}x").name]
    assert names[0] != names[1]
    assert all(name.startswith("mailto-") and "hidden" not in name for name in names)
