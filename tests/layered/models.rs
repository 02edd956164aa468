//! Small layered systems: clients that think, services that call services, and what is not waited for. Rates are chosen so that
//! every layer queues.

/// Each with a name and a document without its `[run]`.
pub const MODELS: &[(&str, &str)] = &[
    // A worker of A is held while B works: nested possession.
    (
        "nested",
        r#"
[producers.web]
clients = 4
think = { exponential = "1s" }
call = "a"
[services.a]
steps = [{ work = { exponential = "100ms" } }, { call = "b" }, { work = { exponential = "50ms" } }]
[services.b]
service = { exponential = "200ms" }
"#,
    ),
    // Two kinds of clients meet in the second layer; one of them calls it directly too.
    (
        "shared",
        r#"
[producers.web]
clients = 2
think = { exponential = "800ms" }
call = "front"
[producers.mobile]
clients = 2
think = { exponential = "500ms" }
steps = [{ call = "edge" }, { wait = { exponential = "100ms" } }, { call = "db" }]
[services.front]
steps = [{ work = { exponential = "150ms" } }, { call = "db" }]
[services.edge]
steps = [{ work = { exponential = "100ms" } }, { call = "db" }, { work = { exponential = "30ms" } }]
[services.db]
service = { exponential = "120ms" }
"#,
    ),
    // A answers, and works on: its worker is busy for longer than its caller waits. Then it calls in its second phase.
    (
        "second-phase",
        r#"
[producers.web]
clients = 3
think = { exponential = "600ms" }
call = "a"
[services.a]
count = 2
steps = [
    { work = { exponential = "100ms" } },
    { call = "b" },
    { reply = true },
    { work = { exponential = "200ms" } },
    { call = "b" },
]
[services.b]
service = { exponential = "80ms" }
"#,
    ),
    // Two calls at the same time, and the slower of them counts.
    (
        "join-all",
        r#"
[producers.web]
clients = 3
think = { exponential = "500ms" }
call = "a"
[services.a]
count = 2
steps = [{ parallel = [[{ call = "b" }], [{ work = { exponential = "50ms" } }, { call = "c" }]] }, { work = { exponential = "40ms" } }]
[services.b]
service = { exponential = "150ms" }
[services.c]
service = { exponential = "100ms" }
"#,
    ),
    // The faster counts, and the other is called back.
    (
        "join-any",
        r#"
[producers.web]
clients = 3
think = { exponential = "700ms" }
call = "a"
[services.a]
steps = [{ parallel = [[{ call = "b" }], [{ call = "c" }]], join = "any" }]
[services.b]
queue_limit = 1
service = { exponential = "250ms" }
[services.c]
queue_limit = 2
service = { exponential = "150ms" }
"#,
    ),
    // What is published is worked on by others, who call the same database; there is room for two messages.
    (
        "asynchronous",
        r#"
[producers.web]
clients = 3
think = { exponential = "400ms" }
call = "orders"
[services.orders]
steps = [{ work = { exponential = "60ms" } }, { publish = "mails" }, { call = "db" }]
[services.db]
service = { exponential = "90ms" }
[queues.mails]
max_length = 2
overflow = "reject-publish"
[consumers.mailers]
queue = "mails"
steps = [{ work = { exponential = "150ms" } }, { call = "db" }]
"#,
    ),
    // Three layers, several workers in each, and fan-in twice.
    (
        "fan-in",
        r#"
[producers.web]
clients = 2
think = { exponential = "500ms" }
call = "left"
[producers.batch]
clients = 2
think = { exponential = "400ms" }
steps = [{ call = "right" }, { call = "left" }]
[services.left]
count = 2
steps = [{ work = { exponential = "50ms" } }, { call = "middle" }]
[services.right]
steps = [{ work = { exponential = "70ms" } }, { call = "middle" }, { call = "bottom" }]
[services.middle]
count = 2
steps = [{ work = { exponential = "100ms" } }, { call = "bottom" }]
[services.bottom]
service = { exponential = "110ms" }
"#,
    ),
    // Open arrivals that are refused when too many wait; some requests fail, some need the database twice, some hit a cache.
    (
        "open",
        r#"
[producers.web]
arrivals = { poisson = "5/s" }
call = "a"
[services.a]
count = 2
queue_limit = 2
steps = [
    { work = { exponential = "100ms" } },
    { fail = "10%" },
    { cache = "local", miss = [
        { choose = [{ weight = 3, steps = [{ call = "db" }] }, { weight = 1, steps = [{ repeat = 2, steps = [{ call = "db" }] }] }] },
    ] },
]
[services.db]
service = { exponential = "200ms" }
[caches.local]
hit_ratio = "40%"
"#,
    ),
    // One processor for two layers, shared by all who work.
    (
        "one-host",
        r#"
[producers.web]
clients = 4
think = { exponential = "900ms" }
call = "a"
[services.a]
count = 2
host = "node"
steps = [{ work = { exponential = "100ms" } }, { wait = { exponential = "50ms" } }, { call = "b" }]
[services.b]
service = { exponential = "150ms" }
host = "node"
[hosts.node]
cores = 1
"#,
    ),
    // A lock that is held while a database works.
    (
        "lock",
        r#"
[producers.web]
clients = 2
think = { exponential = "500ms" }
call = "a"
[producers.batch]
clients = 2
think = { exponential = "600ms" }
call = "b"
[services.a]
count = 2
steps = [{ work = { exponential = "80ms" } }, { lock = "row", steps = [{ call = "db" }, { work = { exponential = "20ms" } }] }]
[services.b]
steps = [{ lock = "row", steps = [{ call = "db" }] }, { work = { exponential = "100ms" } }, { call = "db" }]
[services.db]
service = { exponential = "100ms" }
[locks.row]
"#,
    ),
];
