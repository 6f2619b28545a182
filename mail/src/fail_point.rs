//! Fail points between two steps, at which a debug build can be killed, to test what is left behind. `MMMS_FAIL_POINT`
//! is the name of one, optionally followed by `@` and the number of the pass at which it kills. A release build has
//! none.

#[cfg(debug_assertions)]
pub use armed::{arm, reached};

#[cfg(debug_assertions)]
mod armed {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    };

    struct FailPoint {
        name: String,
        /// The number of passes that are left.
        left: AtomicU32,
    }

    static ARMED: OnceLock<FailPoint> = OnceLock::new();

    pub fn arm(setting: &str) -> Result<(), String> {
        let (name, times) = setting.split_once('@').unwrap_or((setting, "1"));
        let times = times
            .parse()
            .map_err(|_| "must be a name, or NAME@TIMES".to_owned())?;
        let point = FailPoint {
            name: name.to_owned(),
            left: AtomicU32::new(times),
        };
        ARMED.set(point).map_err(|_| "is read once only".to_owned())
    }

    /// Kills the process like `kill -9`, if this is the armed fail point and the pass.
    pub fn reached(name: &str) {
        let Some(point) = ARMED.get().filter(|point| point.name == name) else {
            return;
        };
        if point.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = rustix::process::kill_process(
                rustix::process::getpid(),
                rustix::process::Signal::KILL,
            );
        }
    }
}

/// Marks a fail point between two steps.
#[macro_export]
macro_rules! fail_point {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        $crate::fail_point::reached($name);
    };
}
