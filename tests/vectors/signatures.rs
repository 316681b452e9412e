//! Signatures as Wycheproof publishes them, and keys of small order, with which anybody could sign anything.

use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use tickey::vault::seal::signed_by;

use crate::{hex, vectors};

#[test]
fn signatures_as_wycheproof_publishes_them() {
    let Some(table) = vectors("wycheproof/ed25519_test.json") else { return };
    let mut checked = 0;
    for group in table["testGroups"].as_array().unwrap() {
        let key: [u8; 32] = hex(&group["publicKey"]["pk"]).try_into().unwrap();
        for case in group["tests"].as_array().unwrap() {
            // Ours are 64 bytes by their type.
            let Ok(signature) = <[u8; 64]>::try_from(hex(&case["sig"])) else {
                assert_eq!(case["result"], "invalid");
                continue;
            };
            assert_eq!(signed_by(&key, &hex(&case["msg"]), &signature), case["result"] == "valid", "{case}");
            checked += 1;
        }
    }
    assert!(checked > 130, "only {checked} signatures were checked");
}

/// Every encoding of the eight points of small order, those included that a lenient reader takes (y beyond the prime, minus zero).
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

/// With such a key the signature (R of small order, S = 0) fits every eighth text or more: plain verification takes them, strict does not.
#[test]
fn a_key_of_small_order_signs_nothing() {
    let points = SMALL_ORDER.map(|point| -> [u8; 32] { hex(&point.into()).try_into().unwrap() });
    let mut taken_by_plain = 0;
    for key in points {
        for r in points {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&r);
            for text in 0..16_u8 {
                assert!(!signed_by(&key, &[text], &signature), "key {key:02x?}, R {r:02x?}, text {text}");
                let plain = VerifyingKey::from_bytes(&key)
                    .is_ok_and(|key| key.verify(&[text], &Signature::from_bytes(&signature)).is_ok());
                taken_by_plain += u32::from(plain);
            }
        }
    }
    assert!(taken_by_plain > 100, "these are no edge cases: plain verification took {taken_by_plain}");
}
