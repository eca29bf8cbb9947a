"""Where records live: tables, sealed repositories, keys, migrations."""
