//! Import ids of assignments: `PLACE/…/team/TEAM_ID`, and further parts.

use tfkit::Diag;

use super::principal::Principal;

/// Splits an import id into the ids of the place, a principal, and further parts.
pub fn read<const PLACES: usize, const MORE: usize>(
    text: &str,
) -> Option<([&str; PLACES], Principal, [&str; MORE])> {
    let parts: Vec<&str> = text.split('/').collect();
    let (places, rest) = parts.split_first_chunk()?;
    let ([kind, id], more) = rest.split_first_chunk()?;
    Some((*places, Principal::parse(kind, id)?, more.try_into().ok()?))
}

/// Returns the error for an import id of another form. `more` is appended to the fix.
pub fn unreadable(text: &str, form: &str, more: &str) -> Diag {
    Diag::error(format!("Invalid import id {text:?}"))
        .why(format!("Import ids of this type have the format {form}."))
        .fix(format!(
            "In place of `team` and the id of a team, you can write `user` or `service_account` and its id, or `email` \
             and an address.{more}"
        ))
}

#[cfg(test)]
mod tests {
    use zenml_api::TeamId;

    use super::*;

    #[test]
    fn an_import_id_has_exactly_the_parts_of_its_form() {
        let team = TeamId::random();
        let cases = [
            (format!("w/p/team/{team}/admin"), true),
            (format!("w/team/{team}/admin"), false),
            (format!("w/p/team/{team}"), false),
            (format!("w/p/team/{team}/admin/more"), false),
            (format!("w/p/group/{team}/admin"), false),
            ("w/p/team/developers/admin".to_owned(), false),
            (String::new(), false),
        ];
        for (text, expected) in cases {
            let read = read::<2, 1>(&text);
            let wanted = expected.then_some((["w", "p"], Principal::Team(team), ["admin"]));
            assert_eq!(read, wanted, "{text:?}");
        }
    }
}
