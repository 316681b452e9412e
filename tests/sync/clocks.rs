//! Clocks that are hours wrong, or set while the program runs.

use crate::machine::{HOUR, Machine, same};
use crate::storage::Storage;

#[test]
fn machines_hours_apart_and_clocks_that_are_set_lose_nothing() {
    let storage = Storage::default();
    let mut maya = Machine::founder();
    let id = maya.add("Start");
    maya.sync(&mut storage.honest());
    let mut second = Machine::second(&storage, &maya.vault.link_keys());
    second.sync(&mut storage.honest());
    let issuer = |machine: &Machine| machine.vault.entry(id).unwrap().details.issuer.to_string();
    // Each round both clocks are set anew: forth, back, and back behind what was written before.
    let clocks = [(0, 0), (11 * HOUR, -11 * HOUR), (-11 * HOUR, 11 * HOUR), (0, -3 * HOUR), (-9 * HOUR, -10 * HOUR)];
    for (round, (one, other)) in clocks.into_iter().enumerate() {
        (maya.skew, second.skew) = (one, other);
        // Whoever has seen a change changes later, whatever the clock says.
        for turn in 0..2 {
            maya.rename(id, &format!("maya {round} {turn}"));
            maya.sync(&mut storage.honest());
            second.sync(&mut storage.honest());
            assert_eq!(issuer(&second), format!("maya {round} {turn}"));
            second.rename(id, &format!("second {round} {turn}"));
            second.sync(&mut storage.honest());
            maya.sync(&mut storage.honest());
            assert_eq!(issuer(&maya), format!("second {round} {turn}"));
        }
        // Apart: both keep all, and agree.
        let (a, b) = (maya.add(&format!("Only maya {round}")), second.add(&format!("Only second {round}")));
        maya.rename(id, &format!("maya apart {round}"));
        second.rename(id, &format!("second apart {round}"));
        maya.sync(&mut storage.honest());
        second.sync(&mut storage.honest());
        maya.sync(&mut storage.honest());
        assert!(same(&maya, &second), "round {round}");
        assert!(maya.vault.entry(b).is_some() && second.vault.entry(a).is_some());
        assert_eq!(issuer(&maya), issuer(&second));
    }
}
