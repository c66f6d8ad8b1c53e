#![allow(unused, reason = "soon")]
