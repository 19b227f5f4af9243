//! How deep and how much one configuration may evaluate. What is scanned is hostile: it nests and repeats at will.

use aedile_model::Place;

/// What is left of the depth and the work of one evaluation, and where it ran out.
#[derive(Debug)]
pub(super) struct Bound {
    /// Evaluations inside evaluations that may still begin.
    depth: usize,
    /// Nodes that may still be evaluated.
    nodes: usize,
    /// Whether a bound was reached: some values are unknown for no reason of their own.
    reached: bool,
    /// The first expression that reached it.
    place: Option<Place>,
}

impl Bound {
    /// A bound of so many levels and nodes.
    pub(super) fn new(depth: usize, nodes: usize) -> Bound {
        Bound { depth, nodes, reached: false, place: None }
    }

    /// Goes a level deeper; false if a bound is reached. Whoever went in goes out by [`Bound::leave`].
    pub(super) fn enter(&mut self) -> bool {
        if self.depth == 0 || !self.spend(1) {
            self.reached = true;
            return false;
        }
        self.depth -= 1;
        true
    }

    /// Comes back from a level.
    pub(super) fn leave(&mut self) {
        self.depth += 1;
    }

    /// Takes `nodes` from what is left; false if there is not as much.
    pub(super) fn spend(&mut self, nodes: usize) -> bool {
        let left = self.nodes.checked_sub(nodes);
        self.nodes = left.unwrap_or(0);
        self.reached |= left.is_none();
        left.is_some()
    }

    /// Notes that some other bound was reached.
    pub(super) fn reach(&mut self) {
        self.reached = true;
    }

    /// Whether a bound was reached.
    pub(super) fn is_reached(&self) -> bool {
        self.reached
    }

    /// Notes where a bound was reached first, if one was.
    pub(super) fn note(&mut self, place: impl FnOnce() -> Option<Place>) {
        if self.reached && self.place.is_none() {
            self.place = place();
        }
    }

    /// Where a bound was reached first.
    pub(super) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_come_back_and_nodes_do_not() {
        let mut bound = Bound::new(2, 3);
        assert!(bound.enter() && bound.enter() && !bound.enter(), "two levels");
        assert!(bound.is_reached());
        bound.leave();
        assert!(bound.enter() && !bound.spend(1), "all nodes are spent");
        let place = |at| Place::new(&"a".into(), at, at);
        bound.note(|| Some(place(1)));
        bound.note(|| Some(place(2)));
        assert_eq!(bound.place(), Some(&place(1)));
    }
}
