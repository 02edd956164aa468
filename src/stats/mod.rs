//! Pure mathematics on numbers: estimates with their intervals, warm-up. Knows nothing of queues or time.

mod control;
mod estimate;
mod interval;
mod inversion;
mod knee;
mod moments;
mod nskart;
mod paired;
mod warmup;

pub use control::{Controlled, controlled};
pub use estimate::Estimate;
pub use interval::{DEPENDENT_BATCHES, ONE_REPLICATION, mean, ratio, section, student_t};
pub use inversion::{Inverted, clustering, inversion};
pub use knee::{Knee, knee};
pub use nskart::{Refusal, Skart, independent, memory, nskart, one_run};
pub use paired::Between;
pub use warmup::{Settled, settled};
