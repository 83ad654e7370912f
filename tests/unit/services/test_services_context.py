"""Services as programs open them."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.factories import ID_CARD, form, picture, settings_for
from verifier.errors import ConfigError, InputError, StorageError
from verifier.services import submit
from verifier.services.context import after_fork, open_services, random_id, reading, utc_now
from verifier.store import database


def test_an_unmigrated_database_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as error:
        open_services(settings_for(tmp_path))
    assert error.value.code == "database.not_migrated"


def test_a_url_that_names_no_store_is_a_wrong_setting(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, files_url="s3://No_Bucket/prefix")
    database.migrate(settings.database_url)
    with pytest.raises(ConfigError) as error:
        open_services(settings)
    assert error.value.details["name"] == "VERIFIER_FILES_URL"


def test_opened_services_know_the_real_batches_and_decoders(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, max_file_mb=1)
    database.migrate(settings.database_url)
    services = open_services(settings)
    assert services.limits.max_bytes == 1024 * 1024
    with pytest.raises(InputError) as unknown:
        submit.create_application(services, form(batch="2031-nowhere"), "importer")
    assert unknown.value.code == "case.unknown_batch"
    number = submit.create_application(services, form(), "importer").application_no
    with pytest.raises(InputError) as broken:
        submit.put_document(services, number, ID_CARD, [picture()], "importer")
    assert broken.value.code == "file.broken"
    services.sessions.kw["bind"].dispose()


def test_a_forked_child_gets_connections_of_its_own(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    database.migrate(settings.database_url)
    services = open_services(settings)
    engine = services.sessions.kw["bind"]
    with reading(services) as session:
        session.execute(text("SELECT 1"))
    parents = engine.pool
    after_fork(services)
    assert engine.pool is not parents
    assert engine.pool.checkedin() == 0
    assert parents.checkedin() == 1
    parents.dispose()


def test_moments_are_utc_and_ids_are_fit_for_jobs() -> None:
    assert utc_now().tzinfo is UTC
    ids = {random_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(new) <= 40 and new.isalnum() for new in ids)
