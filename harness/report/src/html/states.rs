//! The state pictures of a case: the namespaces before and after, the propagation of mounts, the maps of
//! ids. Each is there if the trace shows something of it.

use super::boxes::{BoxLink, TreeBox, boxes};
use super::drawn::Drawn;
use super::id_maps::id_maps;
use super::owners::owner_trees;
use super::pieces::scrolled;
use super::propagation::propagation_graphs;
use super::story::Story;
use maud::{Markup, html};

/// One picture of a state.
pub(crate) struct StatePicture {
    pub(crate) title: String,
    pub(crate) drawn: Drawn,
    /// The same in words, for whoever does not see the picture.
    words: Vec<String>,
}

/// The state pictures of a story.
pub(crate) fn states(story: &Story) -> Vec<StatePicture> {
    let mut states = Vec::new();
    let mut add = |title: String, trees: &[TreeBox], link: BoxLink| {
        let words = trees.iter().flat_map(TreeBox::words).collect();
        states.push(StatePicture { title, drawn: boxes(trees, link), words });
    };
    if let Some(trees) = owner_trees(story) {
        add(format!("Namespaces before step {}", trees.step), &trees.before, BoxLink::Line);
        add(format!("Namespaces after step {}", trees.step), &trees.after, BoxLink::Line);
    }
    if let Some(graphs) = propagation_graphs(story) {
        let title = |when: &str| format!("Propagation of mounts{when}");
        if let Some(first) = &graphs.first {
            add(title(", as observed first"), first, BoxLink::Arrow);
        }
        let when = if graphs.first.is_some() { ", as observed last" } else { "" };
        add(title(when), &graphs.last, BoxLink::Arrow);
    }
    let maps = id_maps(story);
    states.extend(maps.into_iter().map(|map| StatePicture {
        title: map.title(),
        drawn: map.drawn(),
        words: vec![map.words()],
    }));
    states
}

/// The state pictures in a page, with their words.
pub(crate) fn state_section(story: &Story) -> Markup {
    let states = states(story);
    html! {
        @if !states.is_empty() {
            h3 { "State" }
            div.states {
                @for state in &states {
                    figure {
                        figcaption { (state.title) }
                        (scrolled(&state.title, state.drawn.within_page(&state.title)))
                    }
                }
            }
            p.quiet {
                "Namespaces: a round box is a user namespace, below it stand those that it owns. Mounts: a round box "
                "is a peer group, an arrow goes to those that get its events. Ids: a bar is a range, as high as the "
                "number of its digits; one with a broken line was refused."
            }
            details {
                summary { "The state in words" }
                @for state in &states {
                    h4 { (state.title) }
                    ul { @for words in &state.words { li { (words) } } }
                }
            }
        }
    }
}
