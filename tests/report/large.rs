//! A large system: ten producers, each with a line of five queues, and two pools of consumers on every queue.

/// The scenario: 50 queues and 100 pools, whose measured time is so many seconds.
pub fn scenario(seconds: u32) -> String {
    let mut text = format!(
        "title = \"Fifty queues and a hundred pools\"\n\n[run]\nduration = \"{seconds}s\"\nstart = \"empty\"\nreplications = 5\n"
    );
    let stages = ["orders", "payment", "picking", "shipping", "mail"];
    for shop in 0..10 {
        text += &format!(
            "\n[producers.shop-{shop}]\narrivals = {{ poisson = \"{}/s\" }}\npublish = \"shop-{shop}-orders\"\n",
            10 + 2 * shop
        );
        for (at, stage) in stages.into_iter().enumerate() {
            let next = stages.get(at + 1).map(|next| format!(", {{ publish = \"shop-{shop}-{next}\" }}")).unwrap_or_default();
            text += &format!("\n[queues.shop-{shop}-{stage}]\n");
            for (pool, work) in [("old", 50 + 10 * at), ("new", 30 + 5 * at)] {
                text += &format!(
                    "[consumers.shop-{shop}-{stage}-{pool}]\nqueue = \"shop-{shop}-{stage}\"\ncount = {}\n\
                     steps = [{{ work = {{ exponential = \"{work}ms\" }} }}{next}]\n",
                    1 + shop / 3
                );
            }
        }
    }
    text
}
