//! The whole service as functions, on an emulator of AWS, with and without faults.

mod consumers;
mod events;
mod faults;
mod flow;
mod kills;
mod logs;
mod outages;
mod pace;
mod poison;
mod process;
mod results;
mod round_trips;
mod schedule;
mod webhooks;
