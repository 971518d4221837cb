"""The benchmarks run and tell what they measured."""

import contextlib
import importlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "benchmarks" / "engine"
QUALITY = ROOT / "benchmarks" / "quality"


def script(folder, name, monkeypatch):
    """Import a script as if it were run; drops what it imported from its folder at the end."""
    monkeypatch.syspath_prepend(folder)
    yield importlib.import_module(name)
    for module_name, module in tuple(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[module_name]


@pytest.fixture
def report(monkeypatch):
    yield from script(ENGINE, "report", monkeypatch)


@pytest.fixture
def tables(monkeypatch):
    yield from script(QUALITY, "run", monkeypatch)


@pytest.fixture(scope="module")
def race(tmp_path_factory):
    path = tmp_path_factory.mktemp("race") / "rows.json"
    command = [
        *(sys.executable, ENGINE / "run.py", "--workloads", "tiny", "--rounds", "1"),
        *("--contestants", "tutorial,ae_widgets", "--json", path),
    ]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(path.read_text())["tiny"], output


def test_each_contestant_is_timed_and_reaches_the_same_error(race):
    tutorial, ours = race[0]
    assert [tutorial["contestant"], ours["contestant"]] == ["tutorial", "ae_widgets"]
    for row in (tutorial, ours):
        assert row["reason"] == ""
        assert len(row["seconds"]) == len(row["errors"]) == 1
        assert 0 < row["seconds"][0] < 10
    assert ours["errors"] == pytest.approx(tutorial["errors"], rel=0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the memory of a process")
def test_memory_over_the_imports_is_measured(race):
    assert all(0 <= row["memory"] < 100 for row in race[0])


def test_the_table_names_both(race):
    lines = race[1].splitlines()
    assert sum(line.startswith("| ") and "| 1 |" in line for line in lines) == 2


def test_ratios_compare_the_same_rounds(report):
    reference = report.Row("tutorial", [1.0, 2.0, 9.0], [0.1, 0.2, 0.9])
    fewer = report.Row("fast", [0.5, 0.5], [0.1, 0.202])
    assert fewer.ratio(reference) == 3.0
    assert fewer.off(reference) == pytest.approx(0.005)


def test_the_table_is_sorted_marks_other_errors_and_tells_reasons(report):
    table = report.table(
        [
            report.Row("tutorial", [2.0], [0.1], 10.0),
            report.Row("fast", [1.0], [0.12], 5.0),
            report.Row("gone", reason="not installed: No module named 'gone'"),
        ]
    )
    fast, tutorial, _, gone = table.splitlines()[2:]
    assert fast == "| fast | 1.000 | 1.000 to 1.000 | 1 | 2.00 | 0.12000 | +20.0% (!) | 5 |"
    assert tutorial.startswith("| tutorial | 2.000 ")
    assert gone == "- gone: not installed: No module named 'gone'"


def test_the_result_stands_between_the_markers(report, monkeypatch, tmp_path):
    for name in ("README.md", "requirements-peers.txt"):
        (tmp_path / name).write_text((ENGINE / name).read_text())
    monkeypatch.setattr(report, "HERE", tmp_path)
    before = (tmp_path / "README.md").read_text().split(report.BEGIN)[0]
    for seconds in (1.0, 4.0):
        report.write({"tiny": [report.Row("tutorial", [seconds], [0.1])]}, 1)
    text = (tmp_path / "README.md").read_text()
    assert text.startswith(before)
    assert text.count(report.BEGIN) == text.count(report.END) == 1
    assert "| tutorial | 4.000 " in text
    assert "| tutorial | 1.000 " not in text


def test_a_contestant_that_fails_does_not_stop_the_rest(report, monkeypatch):
    run = importlib.import_module("run")
    drop = run.Dropped("it broke")

    class Fake(contextlib.nullcontext):
        def __init__(self, name, *_):
            super().__init__(self)
            self.name = name

        def ready(self):
            if self.name == "absent":
                raise drop

        def first_fit(self, _):
            return 1.0, 2.0

        def fit(self, seed):
            if self.name == "fragile" and seed > 0:
                raise drop
            return 1.0, 0.1 + seed

    monkeypatch.setattr(run, "Peer", Fake)
    monkeypatch.setattr(run, "SETTLE_SECONDS", 0)
    absent, fragile, sound = run.race(["absent", "fragile", "sound"], "tiny", 3)
    assert (absent.reason, absent.seconds) == ("it broke", [])
    assert (fragile.reason, len(fragile.seconds)) == ("it broke", 1)
    assert (sound.reason, sound.errors) == ("", [0.1, 1.1, 2.1])


def test_a_contestant_goes_on_in_a_new_process_each_round_where_that_is_asked_for(report):
    run = importlib.import_module("run")
    pids = []

    class Watched(run.Peer):
        def fit(self, seed):
            pids.append(self._process.pid)
            return super().fit(seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "Peer", Watched)
        (row,) = run.race(["index_gather"], "tiny", 3, fresh=True)
    assert (row.reason, len(row.seconds)) == ("", 3)
    first, *later = pids
    assert later == [later[0]] * 2 + [later[2]] * 2  # one fit warms up, the next is timed
    assert len({first, later[0], later[2]}) == 3


def test_a_contestant_that_cannot_be_imported_says_so(report):
    peer = importlib.import_module("peer")
    with (
        peer.Peer("no_such_engine", "tiny", 60.0) as absent,
        pytest.raises(peer.Dropped, match="not installed: No module named"),
    ):
        absent.ready()


def test_a_contestant_that_takes_too_long_is_dropped(report):
    peer = importlib.import_module("peer")
    with peer.Peer("tutorial", "tiny", 0.0) as slow, pytest.raises(peer.Dropped, match="more than"):
        slow.ready()


def test_a_slow_contestant_runs_fewer_rounds(report):
    run = importlib.import_module("run")
    warm = {"tutorial": 4.0, "slow": 9.0, "same": 6.0}
    assert [run.allowed_rounds(warm, name, 5) for name in warm] == [5, run.SLOW_ROUNDS, 5]


@pytest.fixture(scope="module")
def quality(tmp_path_factory):
    """Return the page and what was printed when two tables of one seed were made."""
    page = tmp_path_factory.mktemp("quality") / "page.md"
    names = ("clustering", "few labels")
    marked = [f"<!-- {name}: begin -->\nold\n<!-- {name}: end -->\n" for name in names]
    page.write_text("before\n" + "between\n".join(marked) + "after\n")
    command = [
        *(sys.executable, QUALITY / "run.py", "--only", "clustering,few-labels"),
        *("--seeds", "1", "--epochs", "2", "--write", "--page", page),
    ]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return page.read_text(), output


def test_tables_of_quality_come_out_of_one_command(quality):
    page, output = quality
    assert re.search(
        r"^clustering: made in \d+ s\nfew-labels: made in \d+ s$", output, re.MULTILINE
    )
    assert page.startswith("before\n<!-- clustering: begin -->\n\n| method | ACC | NMI | ARI |")
    assert page.endswith("<!-- few labels: end -->\nafter\n")
    assert "old" not in page
    for table in re.findall(r"begin -->\n\n(.*?)\n\n", page, re.DOTALL):
        head, rule, *rows = table.splitlines()
        assert len({line.count("|") for line in (head, rule, *rows)}) == 1
        assert [row for row in rows if row.startswith("| Autoencoder")]
        means = [float(mean) for row in rows for mean in re.findall(r"(\S+) ± 0\.000", row)]
        assert len(means) >= len(rows)
        assert all(-1 <= mean <= 1 for mean in means)


@pytest.mark.skipif(importlib.util.find_spec("clustpy") is not None, reason="ClustPy is there")
def test_peers_that_are_missing_are_told_of_with_the_reason(quality):
    page, output = quality
    assert "Not measured: ClustPy: No module named 'clustpy'; benchmarks/quality/README" in page
    assert "Without ClustPy: No module named 'clustpy'" in output


def test_a_table_of_other_epochs_is_not_for_the_page():
    command = [sys.executable, QUALITY / "digits.py", "--epochs", "2", "--write"]
    refused = subprocess.run(command, check=False, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "name another --page" in refused.stderr


def test_every_table_of_quality_has_its_place_on_the_page(tables):
    page = (ROOT / "docs" / "quality.md").read_text()
    begun = re.findall(r"<!-- (.*): begin -->", page)
    assert begun == re.findall(r"<!-- (.*): end -->", page)
    assert len(begun) == len(tables.TABLES)
    for name, table in tables.TABLES.items():
        assert f"| `{name}` | `{table.script}` |" in (QUALITY / "README.md").read_text()
