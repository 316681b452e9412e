//! Files to begin with, one of each kind that the program writes: `seeds FOLDER` puts them where each target looks.

use std::fs;
use std::path::Path;

use tickey::formats::registry::FORMATS;
use tickey::otp::{Kind, Otp};
use tickey::secret::{NoRandomness, Random, Secret};
use tickey::vault::Details;

struct Fixed;

impl Random for Fixed {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        out.fill(7);
        Ok(())
    }
}

fn main() {
    let folder = std::env::args_os().nth(1).expect("the folder");
    let folder = Path::new(&folder);
    let entries: Vec<Details> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let mut details = Details::new(Otp::new(kind, Secret::from(&b"sixteen bytes ok"[..])), "Größe & Co", "a:b");
            details.otp.pin = matches!(kind, Kind::Motp | Kind::Yandex).then(|| "2468".into());
            details.tags = vec!["Work/Cloud".into()];
            details
        })
        .collect();
    let targets = ["recognition", "json", "lines", "marked", "sealed", "archives", "databases", "pictures", "links", "vault"];
    for target in targets {
        fs::create_dir_all(folder.join(target)).expect("the folder is made");
    }
    for format in FORMATS {
        let Some(writer) = &format.write else { continue };
        for password in [None, Some("word".into())] {
            if password.is_some() != writer.encrypts && (password.is_some() || !writer.plain) {
                continue;
            }
            let Ok(file) = (writer.write)(&entries, password.as_ref(), &mut Fixed) else { continue };
            for target in targets {
                // Whichever the first byte chooses: the others learn from it too.
                let name = format!("{}{}", format.id, if password.is_some() { "-sealed" } else { "" });
                let choices: &[u8] = if matches!(target, "recognition" | "links" | "vault") { &[] } else { &[0] };
                let bytes = [choices, &file].concat();
                fs::write(folder.join(target).join(name), bytes).expect("the seed is written");
            }
        }
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../golden/full.vault");
    fs::copy(golden, folder.join("vault/full")).expect("the golden vault is copied");
}
