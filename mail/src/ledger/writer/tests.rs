use std::path::Path;

use sea_orm::{ConnectionTrait, Statement};
use tempfile::TempDir;

use super::*;
use crate::ledger::{Ledger, connect::sqlite};

const INSERT: &str = "INSERT INTO filler VALUES (1)";
/// Longer than a test: a group stays open as long as writers wait.
const LONG: Duration = Duration::from_hours(1);

struct Fixture {
    ledger: Ledger,
    writer: Arc<Writer>,
    folder: TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("mmms.db");
        let ledger = Ledger::on_file(&path).await;
        let writer = Writer::new(sqlite(&path), Arc::default());
        let create = async |session: &mut Session| {
            session
                .execute_unprepared("CREATE TABLE filler (number INTEGER)")
                .await
        };
        writer.run(create).await.unwrap();
        writer.state.lock().await.last_commit = LONG;
        Self {
            ledger,
            writer,
            folder,
        }
    }

    async fn rows(&self) -> i64 {
        let backend = self.ledger.db.get_database_backend();
        let count = Statement::from_string(backend, "SELECT COUNT(*) FROM filler");
        let row = self.ledger.db.query_one_raw(count).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    fn commits(&self) -> usize {
        commits(&self.folder.path().join("mmms.db-wal"))
    }

    /// Starts a writer, which waits for its turn when this returns.
    async fn waiter(&self) -> tokio::task::JoinHandle<()> {
        let before = self.writer.waiting.load(Ordering::Relaxed);
        let writer = Arc::clone(&self.writer);
        let task = tokio::spawn(async move {
            let mut turn = writer.begin().await.unwrap();
            insert(&mut turn).await;
            turn.commit().await.unwrap();
        });
        while self.writer.waiting.load(Ordering::Relaxed) == before {
            tokio::task::yield_now().await;
        }
        task
    }
}

async fn insert(turn: &mut Turn) {
    turn.run(async |session| session.execute_unprepared(INSERT).await)
        .await
        .unwrap();
}

/// Returns the number of commits in a write-ahead log: the last frame of each says how large the database is then
/// (<https://www.sqlite.org/fileformat2.html#walformat>).
fn commits(log: &Path) -> usize {
    const HEADER: usize = 32;
    const FRAME_HEADER: usize = 24;
    let log = std::fs::read(log).unwrap();
    let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    let salts = &log[16..24];
    log[HEADER..]
        .chunks_exact(FRAME_HEADER + page)
        .take_while(|frame| &frame[8..16] == salts)
        .filter(|frame| frame[4..8] != [0; 4])
        .count()
}

#[tokio::test]
async fn writers_that_wait_are_committed_together() {
    let fixture = Fixture::new().await;
    let mut first = fixture.writer.begin().await.unwrap();
    insert(&mut first).await;
    let mut waiters = Vec::new();
    for _ in 0..20 {
        waiters.push(fixture.waiter().await);
    }
    let before = fixture.commits();
    first.commit().await.unwrap();
    for waiter in waiters {
        waiter.await.unwrap();
    }
    assert_eq!(fixture.rows().await, 21);
    assert_eq!(fixture.commits() - before, 1);
}

#[tokio::test]
async fn a_writer_that_rolls_back_or_goes_away_undoes_nothing_of_the_others() {
    let fixture = Fixture::new().await;
    let mut first = fixture.writer.begin().await.unwrap();
    insert(&mut first).await;
    let rolls_back = Arc::clone(&fixture.writer);
    let waiting = fixture.waiter().await;
    let rolled_back = tokio::spawn(async move {
        let mut turn = rolls_back.begin().await.unwrap();
        insert(&mut turn).await;
        turn.roll_back().await.unwrap();
    });
    let goes_away = Arc::clone(&fixture.writer);
    let gone = tokio::spawn(async move {
        let mut turn = goes_away.begin().await.unwrap();
        insert(&mut turn).await;
    });
    while fixture.writer.waiting.load(Ordering::Relaxed) < 3 {
        tokio::task::yield_now().await;
    }
    let last = fixture.waiter().await;
    first.commit().await.unwrap();
    for task in [waiting, rolled_back, gone, last] {
        task.await.unwrap();
    }
    assert_eq!(fixture.rows().await, 3);
}

#[tokio::test]
async fn a_group_that_was_left_open_for_a_writer_that_gave_up_is_committed() {
    let fixture = Fixture::new().await;
    let mut first = fixture.writer.begin().await.unwrap();
    insert(&mut first).await;
    let gives_up = Waiting::new(&fixture.writer);
    let committed = tokio::spawn(first.commit());
    // The first one has left the group open when its turn is over.
    drop(fixture.writer.state.lock().await);
    assert_eq!(fixture.rows().await, 0, "nothing is committed yet");
    drop(gives_up);
    committed.await.unwrap().unwrap();
    assert_eq!(fixture.rows().await, 1);
}

#[tokio::test]
async fn a_statement_that_fails_undoes_nothing_of_the_others() {
    let fixture = Fixture::new().await;
    let mut first = fixture.writer.begin().await.unwrap();
    insert(&mut first).await;
    let waiting = fixture.waiter().await;
    let writer = Arc::clone(&fixture.writer);
    let failing = tokio::spawn(async move {
        let insert = "INSERT INTO filler VALUES (1, 2)";
        writer
            .run(async |session| session.execute_unprepared(insert).await)
            .await
    });
    while fixture.writer.waiting.load(Ordering::Relaxed) < 2 {
        tokio::task::yield_now().await;
    }
    first.commit().await.unwrap();
    waiting.await.unwrap();
    assert!(failing.await.unwrap().is_err());
    assert_eq!(fixture.rows().await, 2);
}
