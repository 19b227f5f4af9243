#![allow(clippy::print_stdout)]
fn main() {
    match aedile_rules::Rules::load(&[]) {
        Err(e) => println!("{e:?}"),
        Ok(r) => {
            for f in r.test() {
                println!("{} | {} | {} -> {}", f.rule, f.example, f.expected, f.got);
            }
            println!("{} rules", r.identifiers.list().len());
        }
    }
}
