//! Diagnostics, as the host prints them.

use tfkit::{Diag, Severity};

use super::generated::provider::{Diagnostic, diagnostic};
use super::value::encode_path;
use crate::log::masked;

/// Encodes diagnostics, and logs each once. All diagnostics pass through here.
pub(super) fn encode(diags: &[Diag]) -> Vec<Diagnostic> {
    diags.iter().map(encode_one).collect()
}

/// Encodes one diagnostic, and logs it.
///
/// Names and responses of servers may contain escape sequences, which the host would print unchanged. They are made
/// visible here.
pub(super) fn encode_one(diag: &Diag) -> Diagnostic {
    let summary = printable::line(&masked(&diag.summary)).into_owned();
    let detail = text(&diag.detail());
    let attribute = diag.path.as_ref().map(ToString::to_string);
    let severity = match diag.severity {
        Severity::Error => {
            tracing::error!(
                diagnostic_severity = "ERROR",
                diagnostic_detail = detail,
                diagnostic_attribute = attribute,
                "{summary}"
            );
            diagnostic::Severity::Error
        }
        Severity::Warning => {
            tracing::warn!(
                diagnostic_severity = "WARNING",
                diagnostic_detail = detail,
                diagnostic_attribute = attribute,
                "{summary}"
            );
            diagnostic::Severity::Warning
        }
    };
    Diagnostic { severity: severity.into(), summary, detail, attribute: diag.path.as_ref().map(encode_path) }
}

/// Returns a text of several lines without secrets and escape sequences. Lines are kept: the host does not wrap
/// indented ones, so commands can be copied.
pub(super) fn text(text: &str) -> String {
    printable::lines(&masked(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use tfkit::Path;

    use super::*;

    #[test]
    fn details_are_paragraphs_and_commands_keep_their_lines() {
        let diag = Diag::warning("Team exists")
            .why("It is there.")
            .fix("Import it:\n  terraform import a.b c")
            .trace("GET /teams, status 200")
            .at(Path::default().attr("name"));
        let written = encode_one(&diag);
        assert_eq!(written.severity(), diagnostic::Severity::Warning);
        assert_eq!(written.summary, "Team exists");
        assert_eq!(
            written.detail,
            "It is there.\n\nImport it:\n  terraform import a.b c\n\nGET /teams, status 200"
        );
        assert_eq!(written.attribute.unwrap().steps.len(), 1);
    }

    #[test]
    fn hidden_characters_are_shown_to_the_user_and_never_sent_to_the_terminal() {
        let diag = Diag::error("Team \u{1b}[2J\nWarning: none exists")
            .why("It said \u{9b}31m\u{202e}.\r\n\tNext.")
            .fix("Run:\n  terraform apply");
        for diag in [diag.clone(), Diag { severity: Severity::Warning, ..diag }] {
            let written = encode_one(&diag);
            assert_eq!(written.summary, "Team \\u{1b}[2J\\nWarning: none exists");
            assert_eq!(written.detail, "It said \\u{9b}31m\\u{202e}.\\r\n\tNext.\n\nRun:\n  terraform apply");
        }
    }

    #[test]
    fn secrets_are_masked_in_messages_to_the_user() {
        crate::mask("diagnostic-test-secret");
        let diag = Diag::error("diagnostic-test-secret is wrong").why("It said diagnostic-test-secret.");
        let written = encode_one(&diag);
        assert_eq!(
            (written.summary.as_str(), written.detail.as_str()),
            ("(hidden) is wrong", "It said (hidden).")
        );
    }
}
