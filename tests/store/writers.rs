//! Many writers at once: nothing that was said to be saved is lost.

use std::collections::BTreeSet;

use tickey::store::backups;

use crate::child::Child;
use crate::{Window, names};

#[test]
fn twenty_threads_lose_nothing() {
    const THREADS: usize = 20;
    const SAVES: usize = 4;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let first = Window::found(&path);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let mut window = first.another();
            scope.spawn(move || {
                for save in 0..SAVES {
                    window.add(&format!("{thread}-{save}")).unwrap();
                }
            });
        }
    });
    let expected: BTreeSet<String> =
        (0..THREADS).flat_map(|thread| (0..SAVES).map(move |save| format!("{thread}-{save}"))).collect();
    assert_eq!(first.on_disk(), expected);
    assert_eq!(names(folder.path()), ["backups", "v.json", "v.json.lock"]);
    assert_eq!(backups::list(&path).unwrap().len(), 10);
}

#[test]
fn ten_programs_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.json");
    let first = Window::found(&path);
    let children: Vec<_> = (0..10).map(|n| Child::new("add three").path(&path).word(&n.to_string()).start()).collect();
    children.into_iter().for_each(|child| child.done());
    let expected: BTreeSet<String> = (0..10).flat_map(|n| (0..3).map(move |save| format!("{n}-{save}"))).collect();
    assert_eq!(first.on_disk(), expected);
}
