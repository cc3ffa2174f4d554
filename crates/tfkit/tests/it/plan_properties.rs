//! Properties of every schema, state and configuration.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tfkit::plan::{
    check_compatible, check_plan, check_result, for_host, hide_write_only, keep_spelling, merge, prepare,
    proposed_new, replaced, settle,
};
use tfkit::schema::object_type;
use tfkit::value::msgpack;
use tfkit::{Attribute, Dyn};

use crate::generate::{self, Holes, PLAN, STATE};

fn case(holes: Holes) -> impl Strategy<Value = (Vec<Attribute>, Dyn, Dyn)> {
    generate::attributes().prop_flat_map(move |attributes| {
        let (prior, config) = (generate::prior(&attributes), generate::config(&attributes, holes));
        (Just(attributes), prior, config)
    })
}

/// Plans as the host sees it.
fn plan(attributes: &[Attribute], prior: &Dyn, config: &Dyn) -> Dyn {
    for_host(attributes, prior, config, prepare(attributes, prior, config), &BTreeSet::new())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_host_accepts_every_plan((attributes, prior, config) in case(PLAN)) {
        let planned = plan(&attributes, &prior, &config);
        prop_assert_eq!(check_plan(&attributes, &prior, &config, &planned), Ok(()));
        prop_assert!(msgpack::encode(&planned, &object_type(&attributes)).is_ok());
        for path in replaced(&attributes, &prior, &planned) {
            prop_assert!(prior.get(&path).is_some() && planned.get(&path).is_some(), "{}", path);
        }
    }

    #[test]
    fn a_plan_after_an_apply_changes_nothing((attributes, prior, config) in case(STATE)) {
        let ty = object_type(&attributes);
        let planned = plan(&attributes, &prior, &config);
        let mut target = planned.clone();
        merge(&attributes, &mut target);
        let mut state = generate::applied(&ty, &target, &mut 0);
        keep_spelling(&attributes, &planned, &mut state);
        hide_write_only(&attributes, &mut state);
        prop_assert_eq!(check_result(&attributes, &planned, &state), Ok(()));

        let again = prepare(&attributes, &state, &config);
        prop_assert_eq!(&again, &state);
        let settled = settle(&attributes, &state, &config, &again, &BTreeSet::new());
        prop_assert_eq!(settled, again);
        prop_assert_eq!(replaced(&attributes, &state, &state), Vec::new());
    }

    #[test]
    fn a_second_plan_keeps_the_known_values_of_the_first(
        (attributes, prior, config) in case(Holes { nulls: 20, unknowns: 40 }),
    ) {
        let first = prepare(&attributes, &prior, &config);
        let known = generate::applied(&object_type(&attributes), &config, &mut 0);
        // Two elements of a set may become equal when they are known, and configured values may equal those of the
        // state.
        let second = prepare(&attributes, &prior, &known);
        if second != prior {
            prop_assert_eq!(check_compatible(&attributes, &first, &second), Ok(()));
        }
    }

    #[test]
    fn the_hosts_proposal_has_the_type_of_the_schema((attributes, prior, config) in case(PLAN)) {
        let proposed = proposed_new(&attributes, &prior, &config);
        prop_assert!(msgpack::encode(&proposed, &object_type(&attributes)).is_ok());
    }
}
