//! A file system of a few megabytes that a test can fill up.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system that is mounted over a folder until it is dropped.
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts the file system. Needs the right to mount: as root, or in a user namespace of the caller.
    pub fn over(folder: &Path, megabytes: usize) -> Self {
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder)
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "the tests of a full disk mount a tmpfs: run them as root, or within `unshare --map-root-user --mount`"
        );
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Fills the disk to the last octet.
    pub fn fill(&self) {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.filler())
            .expect("a file");
        for chunk in [vec![0_u8; 1 << 16], vec![0_u8; 1]] {
            while file.write_all(&chunk).is_ok() {}
        }
    }

    pub fn make_room(&self) {
        fs::remove_file(self.filler()).expect("the disk was full");
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Unmounted lazily, because a program of a failed test may still use it.
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(&self.folder)
            .status();
    }
}
