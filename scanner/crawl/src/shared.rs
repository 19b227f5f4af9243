//! Collections that many values hold at once: a copy costs nothing, and who changes one gets its own.

use std::collections::{BTreeMap, btree_map};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A collection that has an empty one to point at.
pub(crate) trait Empty {
    /// The empty one.
    fn empty<'a>() -> &'a Self
    where
        Self: 'a;
}

/// A collection held together with others. The empty one takes no room.
pub(crate) struct Shared<T>(Option<Arc<T>>);

impl<T> Shared<T> {
    /// Whether both are one and the same.
    pub(crate) fn is(&self, other: &Shared<T>) -> bool {
        match (&self.0, &other.0) {
            (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<T: Clone + Default> Shared<T> {
    /// The collection itself; copied if others hold it too.
    pub(crate) fn own(self) -> T {
        self.0.map(Arc::unwrap_or_clone).unwrap_or_default()
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Shared(None)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(self.0.clone())
    }
}

impl<T: Empty> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or_else(T::empty)
    }
}

impl<T: Empty + Clone + Default> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

impl<T> From<T> for Shared<T> {
    fn from(held: T) -> Self {
        Shared(Some(Arc::new(held)))
    }
}

impl<T: Empty + fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Empty + PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || **self == **other
    }
}

impl<T: Empty + Eq> Eq for Shared<T> {}

impl<A, T: FromIterator<A>> FromIterator<A> for Shared<T> {
    fn from_iter<I: IntoIterator<Item = A>>(items: I) -> Self {
        T::from_iter(items).into()
    }
}

impl<T: IntoIterator + Clone + Default> IntoIterator for Shared<T> {
    type Item = T::Item;
    type IntoIter = T::IntoIter;

    fn into_iter(self) -> T::IntoIter {
        self.own().into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Shared<Vec<T>>
where
    Vec<T>: Empty,
{
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T: Clone> IntoIterator for &'a mut Shared<Vec<T>>
where
    Vec<T>: Empty,
{
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<'a, K, V> IntoIterator for &'a Shared<BTreeMap<K, V>>
where
    BTreeMap<K, V>: Empty,
{
    type Item = (&'a K, &'a V);
    type IntoIter = btree_map::Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, K: Clone + Ord, V: Clone> IntoIterator for &'a mut Shared<BTreeMap<K, V>>
where
    BTreeMap<K, V>: Empty,
{
    type Item = (&'a K, &'a mut V);
    type IntoIter = btree_map::IterMut<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Empty for Vec<u8> {
        fn empty<'a>() -> &'a Self {
            static EMPTY: Vec<u8> = Vec::new();
            &EMPTY
        }
    }

    #[test]
    fn who_changes_a_copy_changes_no_other() {
        let one: Shared<Vec<u8>> = vec![1, 2].into();
        let mut other = one.clone();
        assert!(one.is(&other));
        other.push(3);
        assert_eq!((&*one, &*other), (&vec![1, 2], &vec![1, 2, 3]));
        assert_eq!(one.own(), [1, 2]);
        let mut none = Shared::<Vec<u8>>::default();
        assert!(none.is_empty() && none == Vec::new().into());
        none.push(1);
        assert_eq!(*none, [1]);
    }
}
