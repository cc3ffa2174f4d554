//! Which models and functions the derive macros accept, and their errors for the others.

#[test]
fn valid_models_and_functions_compile_without_a_warning_and_invalid_ones_get_their_error() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/a_model_of_everything.rs");
    cases.pass("tests/ui/a_function_of_everything.rs");
    cases.compile_fail("tests/ui/[b-z]*.rs");
}
