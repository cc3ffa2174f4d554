//! What the derives accept, and what they say about the rest.

#[test]
fn accepted_models_compile_without_a_warning_and_rejected_ones_say_why() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/a_model_of_everything.rs");
    cases.compile_fail("tests/ui/[b-z]*.rs");
}
