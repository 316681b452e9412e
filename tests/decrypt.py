#!/usr/bin/env python3
"""Opens a Tickey vault and prints its entries as JSON. Written from src/vault/FORMAT.md and from nothing else.

    decrypt.py [--recovery | --key] [--now=MILLISECONDS] VAULT < PASSPHRASE, RECOVERY-CODE, or the KEY (base32) that a personal vault's link keeps

Needs argon2-cffi, cryptography and pycryptodome. Exit codes: 1 no vault, newer or refused · 5 wrong passphrase · 6 damaged.
"""
import base64, hashlib, json, re, struct, sys, time, unicodedata

from argon2.low_level import Type, hash_secret_raw
from Crypto.Cipher import ChaCha20_Poly1305
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

REFUSED, WRONG, DAMAGED = 1, 5, 6


class Failed(Exception):
    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


def need(truth, why, code=DAMAGED):
    if not truth:
        raise Failed(code, why)


def once(pairs):
    need(len({name for name, _ in pairs}) == len(pairs), "a name stands twice")
    return dict(pairs)


def b64(text, length=None):
    need(isinstance(text, str), "not base64")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Failed(DAMAGED, "not base64")
    need(base64.b64encode(data).decode() == text, "not canonical base64")
    need(length is None or len(data) == length, "a value of the wrong length")
    return data


def whole(value, low, high):
    return type(value) is int and low <= value <= high


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hkdf(material, salt, info):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(material)


def unseal(key, nonce, data, sealed):
    """The plain text, or None."""
    cipher = ChaCha20_Poly1305.new(key=key, nonce=nonce)  # a nonce of 24 bytes makes it XChaCha20
    cipher.update(data)
    try:
        return cipher.decrypt_and_verify(sealed[:-16], sealed[-16:])
    except ValueError:
        return None


def verify(key, signature, text, why):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except (InvalidSignature, ValueError):
        raise Failed(DAMAGED, why)


def raw(public):
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


# ---- FORMAT.md §1, §2, §6: the file -------------------------------------------------------------------------------

def read_file(data):
    need(len(data) <= 256 << 20, "too large", REFUSED)
    try:
        outer = json.loads(data.decode(), object_pairs_hook=once)
    except ValueError:
        raise Failed(DAMAGED, "not JSON")
    need(isinstance(outer, dict) and type(outer.get("tickey")) is int, "not a vault", REFUSED)
    version = outer.pop("tickey")
    try:
        need(set(outer) == {"header", "nonce", "body", "author", "signature"}, "not these keys")
        header, nonce, body = b64(outer["header"]), b64(outer["nonce"], 24), b64(outer["body"])
        author, signature = b64(outer["author"], 32), b64(outer["signature"], 64)
        verify(author, signature, b"tickey/1 file" + sha(header) + nonce + sha(body), "the file's signature does not hold")
    except Failed:
        need(version <= 1, "a newer format", REFUSED)
        raise
    need(version == 1, "the version number is wrong")  # for the signature of format 1 holds
    try:
        head = json.loads(header.decode(), object_pairs_hook=once)
    except ValueError:
        raise Failed(DAMAGED, "the header is not JSON")
    need(isinstance(head, dict) and set(head) == {"vault", "epoch", "slots", "grants"}, "not a header")
    b64(head["vault"], 16)
    need(whole(head["epoch"], 1, 2**64 - 1), "no epoch")
    need(isinstance(head["slots"], list) and len(head["slots"]) <= 4, "not 0 to 4 slots", REFUSED)
    need(isinstance(head["grants"], list) and 1 <= len(head["grants"]) <= 1024, "not 1 to 1024 grants", REFUSED)
    for slot in head["slots"]:
        need(isinstance(slot, dict) and set(slot) == {"m_kib", "t", "p", "salt", "nonce", "key"}, "not a slot")
        need(whole(slot["m_kib"], 19_456, 4 << 20) and whole(slot["t"], 2, 64) and whole(slot["p"], 1, 16),
             "the cost of a slot is out of bounds", REFUSED)
    need(sum(slot["m_kib"] * slot["t"] for slot in head["slots"]) <= 16 << 20, "the slots cost too much together", REFUSED)
    return head, header, nonce, body, author


# ---- §3: from a passphrase or a recovery code to the body ---------------------------------------------------------

def member_key_of_passphrase(head, passphrase):
    for slot in head["slots"]:
        salt, m, t, p = b64(slot["salt"], 16), slot["m_kib"], slot["t"], slot["p"]
        key = hash_secret_raw(passphrase, salt, time_cost=t, memory_cost=m, parallelism=p, hash_len=32, type=Type.ID, version=0x13)
        data = b"tickey/1 slot" + b64(head["vault"]) + struct.pack(">III", m, t, p) + salt
        if member := unseal(key, b64(slot["nonce"], 24), data, b64(slot["key"], 48)):
            return member
    raise Failed(WRONG, "wrong passphrase")


def member_key_of_code(head, text):
    letters = text.decode().upper().replace("-", "").replace(" ", "").replace("O", "0").replace("I", "1").replace("L", "1")
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    need(len(letters) == 28 and set(letters) <= set(alphabet), "not a recovery code", WRONG)
    bits = 0
    for letter in letters:
        bits = bits << 5 | alphabet.index(letter)
    code, check = (bits >> 12).to_bytes(16, "big"), bits & 0xFFF
    need(int.from_bytes(sha(b"tickey/1 recovery check", code)[:2], "big") >> 4 == check, "a mistyped recovery code", WRONG)
    return hkdf(code, b64(head["vault"]), b"tickey/1 recovery")


def open_body(head, header, nonce, body, member):
    vault, epoch = b64(head["vault"]), struct.pack(">Q", head["epoch"])
    private = X25519PrivateKey.from_private_bytes(hkdf(member, b"", b"tickey/1 exchange"))
    for grant in head["grants"]:
        need(isinstance(grant, dict) and set(grant) == {"ephemeral", "key"}, "not a grant")
        ephemeral = b64(grant["ephemeral"], 32)
        try:
            shared = private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        except ValueError:  # all zero
            continue
        wrapping = hkdf(shared, ephemeral + raw(private.public_key()), b"tickey/1 grant key")
        vault_key = unseal(wrapping, bytes(24), b"tickey/1 grant" + vault + epoch, b64(grant["key"], 48))
        if vault_key:
            break
    else:
        raise Failed(WRONG, "no grant is for this key")
    plain = unseal(hkdf(vault_key, b"", b"tickey/1 body key" + vault + epoch), nonce, b"tickey/1 body" + header, body)
    need(plain is not None, "the body does not open")
    need(len(plain) % 4096 == 0, "the body is not padded")
    return plain, vault_key


# ---- §4: the roster -----------------------------------------------------------------------------------------------

P = 2**255 - 19
# The points of small order on Edwards25519 have these y: 1, −1, 0 and those of order 8.
Y8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
WEAK_Y = {0, 1, P - 1, Y8, P - Y8}
MEMBERS = {
    "found": ({"name", "sign", "exchange"}, {"shared"}),
    "invite": ({"name", "role", "sign", "exchange", "expires"}, {"maker"}),
    "admit": ({"name", "role", "sign", "exchange"}, {"invite", "recovery"}),
    "close": ({"invite"}, set()),
    "role": ({"member", "role"}, {"recovery"}),
    "recovery": ({"sign", "exchange"}, set()),
    "remove": ({"member", "newest"}, {"recovery"}),
    "vouch": ({"changes"}, set()),
    "cut": ({"key"}, set()),
    "rekey": ({"old", "sign", "exchange", "signature"}, {"agreed"}),
    "epoch": ({"epoch", "commitment"}, set()),
    "purge": ({"entries"}, set()),
    "moot": (set(), set()),
}
COMMON = {"n", "previous", "at", "again", "op"}


def check_roster(head, roster, vault_key):
    """The members in force, by signing key, the entries that are gone for good, and of a shared vault what its changes are held against."""
    vault, members, seen, last, epoch, purged = b64(head["vault"]), {}, set(), None, (0, None), set()
    invites, had, vouched, cut, shared = {}, set(), set(), set(), False
    need(isinstance(roster, list) and 0 < len(roster) <= 20_000, "no roster, or one too long")

    def new_keys(link):
        keys = b64(link["sign"], 32), b64(link["exchange"], 32)
        need(not seen & set(keys) and keys[0] != keys[1], "a key enters twice")
        y, u = (int.from_bytes(key, "little") for key in keys)
        need(y % 2**255 < P and y % 2**255 not in WEAK_Y and u < P, "a key that cannot be used")
        try:
            X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(keys[1]))
        except ValueError:
            raise Failed(DAMAGED, "a key of small order")
        seen.update(keys)
        return keys[0]

    def enter(link, name, role):
        sign = new_keys(link)
        members[sign] = name, role
        had.add(sign)

    def has_name(link, name="name"):
        text = link[name]
        need(isinstance(text, str) and 0 < len(text.encode()) <= 200, "a name too long")
        need(not any(unicodedata.category(letter) == "Cc" for letter in text), "a name with control characters")

    def new_code(keys, needed):
        """The keys of a new recovery code take the place of those in force."""
        if keys is None:
            return need(not needed, "a recovery code stays that has to end")
        need(isinstance(keys, dict) and set(keys) == {"sign", "exchange"}, "no keys of a recovery code")
        for sign in [sign for sign, (name, _) in members.items() if name == "recovery"]:
            del members[sign]
        enter(keys, "recovery", "owner")
        need(len(members) + len(invites) <= 1024, "too many members and invites")

    def stays(but):
        owners = [sign for sign, (name, role) in members.items() if role == "owner" and name != "recovery"]
        need(set(owners) - {but}, "the last owner stays")

    for n, wrapped in enumerate(roster):
        text, by = b64(wrapped["link"]), b64(wrapped["by"], 32)
        link = json.loads(text, object_pairs_hook=once)
        op = link["op"]
        need(op in MEMBERS, f"a newer format: {op}", REFUSED)
        needed, may = MEMBERS[op]
        need(needed <= set(link) - COMMON, "a link lacks something")
        need(set(link) - COMMON <= needed | may, "a link says something that is not known", REFUSED)
        need(len(text) <= (65_536 if op in ("vouch", "purge") else 1024), "a link is too long")
        need(n < 20_000 - 64 or op in ("remove", "close", "epoch"), "the roster is too long")
        need(link["n"] == n, "the roster's links are not in order")
        if n == 0:
            need(op == "found" and "previous" not in link and by == b64(link["sign"], 32), "not a first link")
            need(sha(b"tickey/1 found", text)[:16] == vault, "the vault id is not this roster's")
            verify(by, b64(wrapped["signature"], 64), b"tickey/1 found" + text, "link 0 is not signed")
            need("again" not in link, "not a first link")
            shared = "shared" in link
            has_name(link)
            if shared:
                has_name(link, "shared")
            need(link["name"] != "recovery", "an unfit name")
            enter(link, link["name"], "owner")
        else:
            need(b64(link["previous"], 32) == sha(last), "a link does not follow the one before")
            verify(by, b64(wrapped["signature"], 64), b"tickey/1 link" + vault + text, f"link {n} is not signed")
            name, role = members.get(by, (None, None))
            need(role == "owner", f"link {n} is not signed by an owner")
            by_code = op == "admit" and "invite" not in link and shared or op == "rekey" and "agreed" not in link and not shared
            need((name == "recovery") == by_code, "the recovery code does something else than letting in")
            origin = b64(link["again"], 32) if "again" in link else sha(text)
            if op == "invite":
                need("maker" not in link or "again" in link and b64(link["maker"], 32) in had, "made by nobody")
                need(link["role"] in ("viewer", "editor") and link["name"] != "recovery", "an unfit invite")
                need(len(members) + len(invites) < 1024 and origin not in invites, "too many members and invites")
                has_name(link)
                new_keys(link)
                invites[origin] = link["role"]
            elif op == "admit":
                need(link["name"] != "recovery", "an unfit name")
                has_name(link)
                if "invite" in link:
                    need(invites.pop(b64(link["invite"], 32), None) == link["role"], "no such invite")
                    need("recovery" not in link, "an invite with a recovery code")
                else:
                    need(link["role"] == "owner", "let in without an invite")
                    need(len(members) + len(invites) < 1024, "too many members and invites")
                    new_code(link.get("recovery"), True)
                enter(link, link["name"], link["role"])
            elif op == "close":
                need(invites.pop(b64(link["invite"], 32), None), "no such invite")
            elif op == "role":
                member = b64(link["member"], 32)
                need(link["role"] in ("viewer", "editor", "owner"), "an unknown role")
                need(members.get(member, ("recovery",))[0] != "recovery", "about nobody")
                lowered = members[member][1] == "owner" and link["role"] != "owner"
                if lowered:
                    stays(member)
                    need(member != by, "an owner who lowers themselves")
                new_code(link.get("recovery"), lowered)
                members[member] = members[member][0], link["role"]
            elif op == "recovery":
                new_code({key: link[key] for key in ("sign", "exchange")}, True)
            elif op == "remove":
                member = b64(link["member"], 32)
                need(member in members and member != by and STAMP.fullmatch(link["newest"]), "about nobody")
                need(members[member][0] != "recovery", "about nobody")
                stays(member)
                new_code(link.get("recovery"), members[member][1] == "owner")
                del members[member]
            elif op == "vouch":
                vouched.update(b64(change, 32) for change in link["changes"])
            elif op == "cut":
                need(b64(link["key"], 32) in had - set(members), "a key that has not ended")
                cut.add(b64(link["key"], 32))
            elif op == "moot":
                need("again" in link, "a link that says nothing")
            elif op == "rekey":
                old, new = b64(link["old"], 32), b64(link["sign"], 32)
                asked = b"tickey/1 rekey" + vault + old + new + b64(link["exchange"], 32)
                need(old in members and members[old][0] != "recovery", "a key is replaced that is not in force")
                if "agreed" in link:
                    verify(old, b64(link["agreed"], 64), asked, "the old key has not agreed")
                verify(new, b64(link["signature"], 64), asked, "the new key has not agreed")
                enter(link, *members[old])
                del members[old]
            elif op == "epoch":
                need(link["epoch"] == epoch[0] + 1, "an epoch is left out")
                epoch = link["epoch"], b64(link["commitment"], 32)
            elif op == "purge":
                purged.update(link["entries"])
        last = text
    need(epoch[0] == head["epoch"], "the header's epoch is not the roster's")
    need(epoch[1] == sha(b"tickey/1 epoch", vault, struct.pack(">Q", epoch[0]), vault_key), "not the vault key of this epoch")
    return members, purged, (vault, had, vouched) if shared else None


# ---- §5, §7: the changes and what they come to --------------------------------------------------------------------

def elements(text, start):
    """The exact texts of the elements of the JSON list that starts there."""
    scan, blank, found = json.JSONDecoder().raw_decode, re.compile(r"[ \t\n\r]*"), []
    at = blank.match(text, start + 1).end()
    while text[at] != "]":
        _, end = scan(text, at)
        found.append(text[at:end])
        at = blank.match(text, end).end()
        if text[at] == ",":
            at = blank.match(text, at + 1).end()
    return found


def pairs(text, start=0):
    """The members of the JSON object that starts there, in order: name, value, where the value starts and ends."""
    scan, blank, found = json.JSONDecoder().raw_decode, re.compile(r"[ \t\n\r]*"), []
    at = blank.match(text, start + 1).end()
    while text[at] != "}":
        name, end = scan(text, at)
        start = blank.match(text, blank.match(text, end).end() + 1).end()
        value, end = scan(text, start)
        found.append((name, value, start, end))
        at = blank.match(text, end).end()
        if text[at] == ",":
            at = blank.match(text, at + 1).end()
    return found


def members_of(text):
    """The members of a JSON object: name to (value, where the value starts)."""
    return {name: (value, start) for name, value, start, _ in pairs(text)}


STAMP = re.compile(r"[0-9a-f]{32}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_change(change, text):
    names = [name for name, _ in json.loads(text, object_pairs_hook=list)] if isinstance(change, dict) else []
    stamp = lambda value: isinstance(value, str) and STAMP.fullmatch(value)
    return (
        isinstance(change, dict) and stamp(change.get("at"))
        and not any(names.count(name) > 1 for name in ("entry", "at", "by", "set", "over"))
        and isinstance(change.get("entry"), str) and UUID.fullmatch(change["entry"])
        and isinstance(change.get("by", ""), str) and isinstance(change.get("set", {}), dict)
        and isinstance(change.get("over", {}), dict)
        and all(isinstance(over, list) and all(map(stamp, over)) for over in change.get("over", {}).values())
        and within_bounds(text)
    )


def within_bounds(text):
    members = members_of(text)
    listed = lambda name: pairs(text, members[name][1]) if name in members else []
    length = lambda found: len(found.encode())
    short = lambda found, most: not isinstance(found, str) or length(found) <= most

    def fits(name, value):
        if name in ("issuer", "account", "note"):
            return short(value, 64 << 10 if name == "note" else 1 << 10)
        texts = name == "tags" and isinstance(value, list) and all(isinstance(tag, str) for tag in value)
        return not texts or len(value) <= 64 and all(short(tag, 128) for tag in value)

    set_, over = listed("set"), listed("over")
    return (
        length(text) <= 256 << 10 and len(set_) <= 64 and len(over) <= 64
        and all(length(name) <= 128 for name, *_ in set_ + over)
        and all(length(text[start:end]) <= 192 << 10 and fits(name, value) for name, value, start, end in set_)
        and all(len(stamps) <= 64 for _, stamps, *_ in over)
    )


SIGNATURE = re.compile(r'(.*),"signature":"([^"]*)"}', re.DOTALL)


def counts(change, text, members, shared):
    """Whether a change of a shared vault counts; one that its author has not signed makes the vault altered."""
    vault, had, vouched = shared
    names = {sha(b"tickey/1 key id", sign)[:16]: sign for sign in had}
    sign = names.get(b64(change.get("by", "")))
    signed = SIGNATURE.fullmatch(text)
    need(sign and signed, "a change is signed by nobody")
    unsigned = (signed[1] + "}").encode()
    verify(sign, b64(signed[2], 64), b"tickey/1 change" + vault + unsigned, "a change is not signed")
    return members.get(sign, ("", ""))[1] in ("editor", "owner") or sha(text.encode()) in vouched


def read_changes(texts, purged, members, shared, now):
    """Changes by entry, the oldest first; of a shared vault without those of more than a day after `now`."""
    entries, due = {}, now + 24 * 60 * 60 * 1000
    for text in dict.fromkeys(texts):
        change = json.loads(text)
        if is_change(change, text) and change["entry"] not in purged:
            if shared and not (counts(change, text, members, shared) and int(change["at"][:12], 16) <= due):
                continue
            entries.setdefault(change["entry"], []).append((change["at"], sha(text.encode()), change))
    for changes in entries.values():
        changes.sort(key=lambda change: change[:2])
    return entries


ALWAYS = set("kind issuer account secret algorithm digits period counter pin tags note favourite deleted".split())


def without_surplus(changes):
    """The changes without the fields of which their author has set too many."""
    names = {}
    for _, _, change in changes:
        names.setdefault(change.get("by", ""), set()).update(change.get("set", {}))
    first = {by: ALWAYS | set(sorted(all_ - ALWAYS, key=str.encode)[:4096]) for by, all_ in names.items()}
    counted = lambda change: {name: value for name, value in change.get("set", {}).items() if name in first[change.get("by", "")]}
    return [(at, hash_, {**change, "set": counted(change)}) for at, hash_, change in changes]


def fold(entry, changes):
    changes = without_surplus(changes)
    newest, assigned, used, counters = {}, {}, set(), []
    for at, _, change in changes:
        over = change.get("over", {})
        for name, value in change.get("set", {}).items():
            if name.startswith("used."):
                used |= {name[5:]} if value is True else set()
            elif name == "counter":
                counters += [(value.get("of") or at, value.get("next"))] if isinstance(value, dict) else []
            else:
                newest[name] = value, at
                assigned.setdefault(name, []).append((at, value, {stamp for stamp in over.get(name, []) if stamp < at}))
    conflicts = []
    for name, list_ in assigned.items():
        replaced = set().union(*(over for _, _, over in list_))
        standing = {json.dumps(value, sort_keys=True) for at, value, _ in list_[-21:] if at not in replaced}
        if len(standing) > 1:
            conflicts.append(name)

    def value(name, fits, absent):
        found = newest.get(name, (None,))[0]
        return found if found is not None and fits(found) else absent

    text = lambda found: isinstance(found, str)
    yes = lambda found: found is True
    kind = value("kind", text, None)
    secret_at = newest.get("secret", (None, None))[1]
    tags = lambda found: isinstance(found, list) and all(map(text, found))
    return {
        "id": entry,
        "kind": kind,
        "issuer": value("issuer", text, ""),
        "account": value("account", text, ""),
        "secret": value("secret", text, ""),
        "algorithm": value("algorithm", text, {"motp": "MD5", "yandex": "SHA256"}.get(kind, "SHA1")),
        "digits": value("digits", lambda found: whole(found, 1, 10), {"steam": 5, "yandex": 8}.get(kind, 6)),
        "period": value("period", lambda found: whole(found, 1, 86_400), 10 if kind == "motp" else 30),
        "counter": max([n for of, n in counters if of == secret_at and whole(n, 0, 2**64 - 1)], default=0),
        "pin": value("pin", text, None),
        "tags": value("tags", tags, []),
        "note": value("note", text, ""),
        "recovery": [
            {"code": code, "used": name[9:] in used}
            for name, (code, _) in sorted(newest.items())
            if name.startswith("recovery.") and text(code)
        ],
        "favourite": value("favourite", yes, False),
        "deleted": value("deleted", yes, False),
        "conflicts": sorted(conflicts),
    }


def main(arguments):
    with open([name for name in arguments if not name.startswith("--")][0], "rb") as file:
        data = file.read()
    times = [int(name.removeprefix("--now=")) for name in arguments if name.startswith("--now=")]
    now = times[0] if times else time.time_ns() // 1_000_000
    head, header, nonce, body, author = read_file(data)
    typed = sys.stdin.buffer.read().removesuffix(b"\n")
    if "--recovery" in arguments:
        member = member_key_of_code(head, typed)
    elif "--key" in arguments:
        member = base64.b32decode(typed + b"=" * (-len(typed) % 8))
    else:
        member = member_key_of_passphrase(head, typed)
    plain, vault_key = open_body(head, header, nonce, body, member)
    text = plain.decode()
    try:
        document = members_of(text)
        members, purged, shared = check_roster(head, document["roster"][0], vault_key)
        need(not (shared and head["slots"]), "a shared vault with a passphrase slot")
        changes = read_changes(elements(text, document["entries"][1]), purged, members, shared, now)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise Failed(DAMAGED, f"not a body: {error!r}")
    need(members.get(author, ("", ""))[1] in ("owner", "editor"), "the file's author is not entitled to write")
    signing = raw(Ed25519PrivateKey.from_private_bytes(hkdf(member, b"", b"tickey/1 sign")).public_key())
    need(signing in members, "this key is no member's", WRONG)
    entries = [fold(entry, changes) for entry, changes in sorted(changes.items())]
    print(json.dumps(entries, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Failed as failed:
        sys.exit(print(f"decrypt.py: {failed}", file=sys.stderr) or failed.code)
