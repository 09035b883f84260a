"""The PostgreSQL that the tests bring along."""


def test_postgres_database__empty_and_of_its_own(postgres_database):
    rows = postgres_database.execute("select current_database(), count(*) from pg_tables where schemaname = 'public'")
    assert rows == [(postgres_database.database, 0)]


def test_postgres_server__shared(postgres_server, postgres_database):
    assert postgres_server.port == postgres_database.port
