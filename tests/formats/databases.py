#!/usr/bin/env python3
"""Makes the databases beside this file, which the readers' tests read: apps' tables with made-up rows, written by SQLite itself.

Run it only when they are to hold something else: SQLite's version is in the files."""

import base64
import pathlib
import sqlite3
import subprocess

FOLDER = pathlib.Path(__file__).parent / "databases"


def key(words):
    return base64.b32encode(words.encode()).decode().rstrip("=")


def fresh(name):
    path = FOLDER / name
    path.unlink(missing_ok=True)
    return path


def google():
    """Small pages: a tree of three levels, free pages, overflow pages, a column that was added later."""
    db = sqlite3.connect(fresh("google.sqlite"))
    db.execute("PRAGMA page_size = 512")
    db.execute("CREATE TABLE android_metadata (locale TEXT)")
    db.execute(
        "CREATE TABLE accounts (_id INTEGER PRIMARY KEY, email TEXT NOT NULL, secret TEXT NOT NULL, counter INTEGER DEFAULT 0,"
        " type INTEGER, provider INTEGER DEFAULT 0, issuer TEXT DEFAULT NULL, original_name TEXT DEFAULT NULL)"
    )
    insert = "INSERT INTO accounts (_id, email, secret, counter, type, issuer, original_name) VALUES (?, ?, ?, ?, ?, ?, ?)"
    filler = "o" * 80
    for n in range(60):
        issuer = "Wolken AG" if n % 2 == 0 else None
        prefix = "Wolken AG" if n % 2 == 0 else "Keine"
        kind, counter = (1, 1 << 40) if n == 2 else (0, 0)
        db.execute(insert, (n * 1000, f"{prefix}:user {n}: Ä", key(f"key of number {n}"), counter, kind, issuer, filler))
    db.execute(insert, (70_000, "gone", key("deleted"), 0, 0, None, filler * 20))
    db.execute("DELETE FROM accounts WHERE _id = 70000")
    db.execute("ALTER TABLE accounts ADD COLUMN isencrypted INTEGER NOT NULL DEFAULT 0")
    db.execute(insert, (80_000, "Wolken AG:" + "x" * 6000, key("the last key"), 0, 0, "Wolken AG", None))
    db.execute(insert, (80_001, "Wolken AG:sealed", "", 0, 0, "Wolken AG", None))
    db.execute("UPDATE accounts SET isencrypted = 1, secret = x'00ff' WHERE _id = 80001")
    db.execute(insert, (80_002, "odd", key("odd"), 0, 7, None, None))
    db.commit()
    db.close()


def microsoft():
    """Write-ahead logging, as Android has it."""
    db = sqlite3.connect(fresh("microsoft.sqlite"))
    db.execute("PRAGMA page_size = 1024")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(
        "CREATE TABLE `accounts` (`_id` INTEGER PRIMARY KEY AUTOINCREMENT, `group_key` TEXT NOT NULL, `name` TEXT NOT NULL,"
        " `username` TEXT NOT NULL, `oath_secret_key` TEXT NOT NULL, `account_type` INTEGER NOT NULL,"
        " `encrypted_oath_secret_key` TEXT NOT NULL)"
    )
    for row in [
        ("Größe & Co", "ida", key("plain & simple").lower(), 0, ""),
        ("Microsoft", "ida@wolken.example", base64.b64encode(b"\xfb\xff\x5a").decode(), 1, ""),
        ("Schule", "me", "", 2, ""),
        ("Sealed", "me", "", 0, "AAAA"),
        ("Later", "me", key("later"), 9, ""),
    ]:
        db.execute(
            "INSERT INTO accounts (group_key, name, username, oath_secret_key, account_type, encrypted_oath_secret_key)"
            " VALUES ('', ?, ?, ?, ?, ?)",
            row,
        )
    db.commit()
    db.close()


def stratum():
    """UTF-16, and bytes reserved at each page's end."""
    path = fresh("stratum.sqlite")
    totp, hotp, motp = key("seventeen bytes!!"), key("counting key"), "ab" * 8
    script = f"""
        PRAGMA page_size = 1024;
        PRAGMA encoding = 'UTF-16le';
        CREATE TABLE "authenticator"("type" integer, "icon" varchar, "issuer" varchar(32), "username" varchar(40),
            "secret" varchar primary key not null, "pin" varchar, "algorithm" integer, "digits" integer, "period" integer,
            "counter" bigint, "copyCount" integer, "ranking" integer);
        CREATE TABLE "category"("id" varchar primary key not null, "name" varchar(32), "ranking" integer);
        CREATE TABLE "authenticatorcategory"("categoryId" varchar, "authenticatorSecret" varchar, "ranking" integer);
        INSERT INTO authenticator VALUES
            (2, NULL, 'Wolken AG', 'ida 🔑', '{totp}', NULL, 2, 8, 45, 0, 7, 0),
            (1, NULL, 'Bank', NULL, '{hotp}', NULL, 0, 6, 30, 41, 0, 1),
            (3, NULL, 'VPN', 'badge 7', '{motp}', '9753', 0, 6, 10, 0, 0, 2),
            (9, NULL, 'Later', 'me', '{key("later")}', NULL, 0, 6, 30, 0, 0, 3);
        INSERT INTO category VALUES ('a1', 'Äußerst', 0), ('b2', 'Work', 1);
        INSERT INTO authenticatorcategory VALUES ('a1', '{totp}', 0), ('b2', '{totp}', 0), ('b2', '{hotp}', 0);
        .filectrl reserve_bytes 32
        VACUUM;
    """
    lines = "\n".join(line.strip() for line in script.splitlines())
    subprocess.run(["sqlite3", "-bail", str(path)], input=lines, text=True, check=True)


FOLDER.mkdir(exist_ok=True)
google()
microsoft()
stratum()
