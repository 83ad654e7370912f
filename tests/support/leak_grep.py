"""A full demo run, then a search for the demo people in everything it left behind: database, file store, broker, logs.

`make leak-grep`. Looked for are ID numbers, phones, addresses and names, in the encodings they could lie in, in raw bytes, in what is
packed with zlib, and in the database's rows as SQL tells them. What the applicants brought (the drawn case folders) is
not searched but proves the search: there every string must be found. Exit 1 when anything is found, or the search finds nothing
where it must.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx

from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
START_S = 180.0
END_S = 120.0
SHORTEST_NAME = 3
"""Characters: shorter names are words of other texts."""
ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
MOST_UNPACKED = 8 * 1024 * 1024


@dataclass
class Search:
    """`needles` by what they are; `found` says where, never what."""

    needles: dict[bytes, str]
    read: int = 0
    unpacked: int = 0
    files: int = 0
    found: list[str] = field(default_factory=list)

    def look(self, where: str, data: bytes) -> None:
        self.files += 1
        self.read += len(data)
        self._grep(where, data)
        for packed in _unpacked(data):
            self.unpacked += len(packed)
            self._grep(f"{where} (packed)", packed)

    def _grep(self, where: str, data: bytes) -> None:
        self.found += [f"{where}: {kind}" for needle, kind in self.needles.items() if needle in data]


def _unpacked(data: bytes) -> Iterator[bytes]:
    for mark in ZLIB:
        at = data.find(mark)
        while at >= 0:
            with suppress(zlib.error):
                yield zlib.decompressobj().decompress(data[at:], MOST_UNPACKED)
            at = data.find(mark, at + 1)


def strings_of(folders: Iterable[Path]) -> dict[str, str]:
    """What each string is, of every demo person."""
    strings: dict[str, str] = {}
    for path in folders:
        stated: dict[str, Any] = json.loads((path / "application.json").read_text(encoding="utf-8"))
        person, home, work = stated["applicant"], stated.get("residence") or {}, stated.get("employment") or {}
        found = {
            person["id_number"]: "ID number",
            person.get("phone"): "phone",
            home.get("hukou_address"): "address",
            home.get("current_address"): "address",
            work.get("employer_address"): "address",
        }
        if len(person["name"]) >= SHORTEST_NAME:
            found[person["name"]] = "name"
        strings |= {text: kind for text, kind in found.items() if text}
    return strings


def encoded(strings: dict[str, str]) -> dict[bytes, str]:
    """The bytes each could lie as: UTF-8, UTF-16, GB 18030, escaped JSON, base64 at each of its three places."""
    needles: dict[bytes, str] = {}
    for text, kind in strings.items():
        plain = text.encode()
        forms = {plain, text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("gb18030")}
        forms.add(json.dumps(text).strip('"').encode())
        for shift in range(3):
            whole = base64.b64encode(bytes(shift) + plain)
            # the first and last digits depend on what stands beside it
            forms.add(whole[(4 if shift else 0) : -4])
        needles |= dict.fromkeys(forms, kind)
    return needles


def run_demo(data: Path, log: Path, workers: int, advice_s: float) -> int:
    """`verifier up` with the demo batch until every case is advised, with looks and actions of every kind; the cases."""
    command = [sys.executable, "-m", "verifier", "up", "--data", str(data), "--port", "0", "--workers", str(workers)]
    env = {**os.environ, "VERIFIER_LOG_LEVEL": "DEBUG", "VERIFIER_LOG_JSON": "true"}
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT, env=env) as process,
    ):
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[1]
            lines = (data / "demo-tokens.txt").read_text().splitlines()
            tokens = dict(line.split(" ", 1) for line in lines)
            wait_until(lambda: b"demo.loaded" in log.read_bytes(), within_s=advice_s, every_s=1, what="the batch is in")
            with httpx.Client(base_url=address, timeout=60) as client:
                numbers = wait_until(
                    lambda: _advised(client, tokens["admin"]), within_s=advice_s, every_s=3, what="advice"
                )
                _act(client, tokens, numbers)
            process.send_signal(signal.SIGTERM)
            process.wait(END_S)
        finally:
            process.kill()
    return len(numbers)


def _advised(client: httpx.Client, token: str) -> list[str]:
    """The cases, once all of them are advised on."""
    answer = client.get("/api/v1/applications?limit=200", headers=_with(token)).json()
    done = all(item["outcome"] is not None for item in answer["items"])
    return [item["application_no"] for item in answer["items"]] if done else []


def _act(client: httpx.Client, tokens: dict[str, str], numbers: list[str]) -> None:
    """What people do all day, with what they should not: personal data in addresses and bodies that are refused."""
    for number in numbers:
        path = f"/api/v1/applications/{number}"
        case = client.get(path, headers=_with(tokens["reviewer"])).json()
        person = case["form"]["applicant"]
        said = f"{person['name']} {person['id_number']} {person.get('phone')}"
        fields = ("applicant.id_number", "applicant.phone", "residence.current_address")
        for wanted in fields:
            client.post(
                f"{path}/unmask", json={"field": wanted, "reason": "compare"}, headers=_with(tokens["reviewer"])
            )
        client.post(
            f"{path}/corrections", json={"field": "applicant.name", "text": said}, headers=_with(tokens["admin"])
        )
        client.get(f"{path}/export", headers=_with(tokens["admin"]))
        client.post(f"{path}/claim", headers=_with(tokens["reviewer"]))
        client.post(
            f"{path}/decision",
            json={"action": "not_accept", "reasons": [said], "note": said},
            headers=_with(tokens["reviewer"]),
        )
        # what somebody types where it does not belong
        client.get(f"/api/v1/applications?cursor={person['id_number']}", headers=_with(tokens["reviewer"]))
        client.get(f"/api/v1/applications/{person['id_number']}", headers=_with(tokens["reviewer"]))
        client.post("/api/v1/applications", json={"applicant": person}, headers=_with(tokens["integration"]))
        client.post(f"{path}/decision", json={"action": said}, headers=_with(tokens["reviewer"]))
        client.post("/sign-in", data={"login": person.get("phone") or "x", "password": said})
    assert client.get("/metrics").status_code == 200


def _with(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def search_house(search: Search, data: Path, log: Path) -> None:
    """Everything the house left, but the case folders the applicants brought."""
    for path in sorted(
        path for path in data.rglob("*") if path.is_file() and path.relative_to(data).parts[0] != "demo"
    ):
        search.look(str(path.relative_to(data)), path.read_bytes())
    search.look("logs", log.read_bytes())
    with closing(sqlite3.connect(data / "verifier.db")) as database:
        search.look("database as SQL", "\n".join(database.iterdump()).encode())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="Copy the data folder here before it goes.")
    parser.add_argument("--advice-s", type=float, default=1800.0, help="How long the demo batch may take to be read.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leak-grep-") as folder:
        data, log = Path(folder) / "data", Path(folder) / "up.log"
        cases = run_demo(data, log, given.workers, given.advice_s)
        folders = sorted(path.parent for path in (data / "demo").rglob("application.json"))
        strings = strings_of(folders)
        control = Search({text.encode(): text for text in strings})
        for path in folders:
            control.look("brought", (path / "application.json").read_bytes())
        search = Search(encoded(strings))
        search_house(search, data, log)
        if given.keep is not None:
            shutil.copytree(data, given.keep)
    told = {where.split(": ", 1)[1] for where in control.found}
    lines = [
        f"{cases} cases read, looked at and decided; {len(strings)} strings of {len(folders)} people in {len(search.needles)} encodings",
        f"searched {search.read:,} bytes in {search.files} files (database, file store, broker, logs, SQL dump)",
        f"and {search.unpacked:,} bytes unpacked from them",
        f"the search finds {len(told)} of {len(strings)} strings where the applicants brought them",
        f"found: {len(search.found)}",
        *(f"  {where}" for where in sorted(set(search.found))),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if search.found or len(told) != len(strings) or cases == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
