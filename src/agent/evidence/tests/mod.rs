mod rules;
mod screen;
mod watch;
