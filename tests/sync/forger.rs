//! Somebody who makes files that no program of ours would write: from parts of genuine ones, and with the keys they have.

use data_encoding::BASE64;
use serde_json::{Value, json};
use tickey::runtime::clock::Os;
use tickey::secret::random_bytes;
use tickey::vault::file::{File, Header};
use tickey::vault::seal::{self, Key, MemberKey, sha256};

/// A file that was opened with somebody's key, to be altered and sealed again.
pub struct Forger {
    pub header: Header,
    pub body: Value,
    pub vault_key: Key,
    /// Who signs what is made of it.
    pub signer: MemberKey,
}

fn body_data(header: &[u8]) -> Vec<u8> {
    [b"tickey/1 body", header].concat()
}

impl Forger {
    /// Opens it as that member, who signs what comes of it.
    pub fn opens(bytes: &[u8], member: &MemberKey) -> Forger {
        let File { header, header_bytes, nonce, mut body, .. } = taken_apart(bytes);
        let open = |grant| seal::open_grant(grant, member, &header.vault, header.epoch);
        let vault_key = header.grants.iter().find_map(open).unwrap();
        let body_key = seal::body_key(&vault_key, &header.vault, header.epoch).unwrap();
        seal::open(&body_key, &nonce, &body_data(&header_bytes), &mut body).unwrap();
        Forger { header, body: serde_json::from_slice(&body).unwrap(), vault_key, signer: member.clone() }
    }

    /// The file, sealed with the vault key and signed.
    pub fn sealed(&self) -> Vec<u8> {
        self.sealed_as(&serde_json::to_vec(&self.body).unwrap())
    }

    /// The same with those bytes for a body.
    pub fn sealed_as(&self, body: &[u8]) -> Vec<u8> {
        self.sealed_under(self.header.write().unwrap(), body)
    }

    /// The same under those bytes of a header that says what this one does.
    pub fn sealed_under(&self, header_bytes: Vec<u8>, body: &[u8]) -> Vec<u8> {
        let header = self.header.clone();
        let (nonce, mut body) = (random_bytes(&mut Os).unwrap(), body.to_vec());
        body.resize(body.len().next_multiple_of(4096), b' ');
        let body_key = seal::body_key(&self.vault_key, &header.vault, header.epoch).unwrap();
        seal::seal(&body_key, &nonce, &body_data(&header_bytes), &mut body).unwrap();
        signed_as_it_is(File { header, header_bytes, nonce, body, author: [0; 32], signature: [0; 64] }, &self.signer)
    }

    pub fn links(&mut self) -> &mut Vec<Value> {
        self.body["roster"].as_array_mut().unwrap()
    }

    pub fn changes(&mut self) -> &mut Vec<Value> {
        self.body["entries"].as_array_mut().unwrap()
    }

    /// The place of the first link with that operation.
    pub fn place(&mut self, op: &str) -> usize {
        let op = json!(op);
        self.links().iter().position(|link| text_of(link)["op"] == op).unwrap()
    }

    /// Puts a link on, signed by whoever signs the file.
    pub fn add_link(&mut self, op: &Value) {
        let last = BASE64.decode(self.links().last().unwrap()["link"].as_str().unwrap().as_bytes()).unwrap();
        let mut text = json!({"n": self.links().len(), "previous": BASE64.encode(&sha256(&[&last])), "at": 1});
        text.as_object_mut().unwrap().extend(op.as_object().unwrap().clone());
        let link = self.link(&serde_json::to_vec(&text).unwrap());
        self.links().push(link);
    }

    /// A link of those bytes, signed by whoever signs the file.
    fn link(&self, bytes: &[u8]) -> Value {
        let signature = self.signer.sign(&[b"tickey/1 link".as_slice(), &self.header.vault, bytes].concat());
        let by = BASE64.encode(&self.signer.public().sign);
        json!({"link": BASE64.encode(bytes), "by": by, "signature": BASE64.encode(&signature)})
    }

    /// Alters what the link of that operation says: under its old signature, or signed anew.
    pub fn alter_link(&mut self, op: &str, sign_again: bool, alter: impl Fn(&mut Value)) {
        let place = self.place(op);
        let mut text = text_of(&self.links()[place]);
        alter(&mut text);
        let bytes = serde_json::to_vec(&text).unwrap();
        match sign_again {
            true => self.links()[place] = self.link(&bytes),
            false => self.links()[place]["link"] = json!(BASE64.encode(&bytes)),
        }
    }

    /// Gives the vault key to one more key.
    pub fn grant(&mut self, exchange: &[u8; 32]) {
        let (vault, epoch) = (self.header.vault, self.header.epoch);
        self.header.grants.push(seal::grant(&self.vault_key, exchange, &vault, epoch, &mut Os).unwrap().unwrap());
    }

    /// Leaves the grant of nobody but that member.
    pub fn grant_only(&mut self, member: &MemberKey) {
        let (vault, epoch) = (self.header.vault, self.header.epoch);
        self.header.grants.retain(|grant| seal::open_grant(grant, member, &vault, epoch).is_some());
    }
}

/// What a stored link says.
pub fn text_of(link: &Value) -> Value {
    serde_json::from_slice(&BASE64.decode(link["link"].as_str().unwrap().as_bytes()).unwrap()).unwrap()
}

pub fn taken_apart(bytes: &[u8]) -> File {
    File::read(bytes).unwrap().1
}

/// The file under the header that it says, signed with that key.
pub fn signed(mut file: File, signer: &MemberKey) -> Vec<u8> {
    file.header_bytes = file.header.write().unwrap();
    signed_as_it_is(file, signer)
}

fn signed_as_it_is(mut file: File, signer: &MemberKey) -> Vec<u8> {
    let text = [b"tickey/1 file".as_slice(), &sha256(&[&file.header_bytes]), &file.nonce, &sha256(&[&file.body])];
    file.author = signer.public().sign;
    file.signature = signer.sign(&text.concat());
    file.write().unwrap()
}

/// A key of nobody's.
pub fn stranger() -> MemberKey {
    MemberKey::random(&mut Os).unwrap()
}
