//! The imports of a crate's files, for the tests that hold its layers.
//!
//! An import is a path into the crate itself (`crate::…`, `super::…`, `self::…` or the name of a child module) or into
//! another crate, in a `use` declaration or anywhere else, also in the arguments of a macro. `mod child;` is none:
//! it says where the child's file is. Code under `#[cfg(test)]` does not count.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Attribute, File, Item, ItemMod, ItemUse, Macro, UseTree,
    buffer::{Cursor, TokenBuffer},
    visit::{self, Visit},
};

/// A path by its segments; one into the crate itself begins with `crate`.
pub type Import = Vec<String>;

/// The files of a crate, by their modules.
pub struct Sources {
    files: BTreeMap<Import, PathBuf>,
}

impl Sources {
    /// `folder` holds the crate's `lib.rs`.
    pub fn read(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(folder, folder, &mut files);
        assert!(
            files.contains_key(&vec!["crate".to_owned()]),
            "{} has a lib.rs",
            folder.display()
        );
        Self { files }
    }

    pub fn files(&self) -> impl Iterator<Item = (&Import, &PathBuf)> {
        self.files.iter()
    }

    /// The module whose file an import leads to: the deepest that the path names.
    pub fn target(&self, import: &Import) -> Option<&Import> {
        (1..=import.len())
            .rev()
            .find_map(|length| self.files.get_key_value(&import[..length]))
            .map(|(module, _)| module)
    }

    /// The imports of a module's file.
    pub fn imports(&self, module: &Import) -> Vec<Import> {
        let text = fs::read_to_string(&self.files[module]).expect("a source file is text");
        imports_of(module, &text)
    }
}

/// The imports of a file with this text, which is the module's.
pub fn imports_of(module: &Import, text: &str) -> Vec<Import> {
    let file = syn::parse_file(text).expect("a source file is Rust");
    let mut reader = Reader {
        module: module.clone(),
        children: children(&file),
        found: Vec::new(),
    };
    reader.visit_file(&file);
    reader.found
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<Import, PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let inner = path.strip_prefix(root).expect("below the root");
            let mut module: Import = vec!["crate".to_owned()];
            module.extend(
                inner
                    .with_extension("")
                    .iter()
                    .map(|part| part.to_string_lossy().into_owned()),
            );
            if module.len() == 2 && module[1] == "main" {
                continue;
            }
            if module[1..] == ["lib"] || module.last().is_some_and(|last| last == "mod") {
                module.pop();
            }
            files.insert(module, path);
        }
    }
}

fn children(file: &File) -> Vec<String> {
    let modules = file.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

struct Reader {
    module: Import,
    children: Vec<String>,
    found: Vec<Import>,
}

impl Reader {
    fn add(&mut self, path: &[String]) {
        let mut base = self.module.clone();
        let mut rest = path;
        match rest.first().map(String::as_str) {
            Some("crate") => base.truncate(0),
            Some("self") => rest = &rest[1..],
            Some("super") => {
                while rest.first().is_some_and(|first| first == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            Some(first) if self.children.iter().any(|child| child == first) => {}
            Some(_) => base.truncate(0),
            None => return,
        }
        base.extend_from_slice(rest);
        self.found.push(base);
    }

    /// The paths among the tokens of a macro's arguments.
    fn add_tokens(&mut self, mut cursor: Cursor<'_>) {
        let mut path = Vec::new();
        while !cursor.eof() {
            if let Some((name, rest)) = cursor.ident() {
                path.push(name.to_string());
                cursor = rest;
                if let Some(rest) = after_colons(cursor) {
                    cursor = rest;
                    continue;
                }
            } else if let Some((inner, _, _, rest)) = cursor.any_group() {
                self.add_tokens(inner);
                cursor = rest;
            } else if let Some((_, rest)) = cursor.token_tree() {
                cursor = rest;
            }
            if path.len() > 1 {
                self.add(&path);
            }
            path.clear();
        }
    }

    fn add_tree(&mut self, before: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_tree(before, &path.tree);
                before.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(before, tree);
                }
            }
            UseTree::Glob(_) => self.add(before),
            UseTree::Name(syn::UseName { ident })
            | UseTree::Rename(syn::UseRename { ident, .. }) => {
                let mut path = before.clone();
                // `a::{self}` is `a`.
                if path.is_empty() || ident != "self" {
                    path.push(ident.to_string());
                }
                self.add(&path);
            }
        }
    }
}

impl<'a> Visit<'a> for Reader {
    fn visit_item(&mut self, item: &'a Item) {
        if !attributes(item).iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        if !function.attrs.iter().any(is_for_tests) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if module.content.is_some() {
            self.module.push(module.ident.to_string());
            visit::visit_item_mod(self, module);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.add_tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        // One segment is a name that `use` has brought in.
        if path.segments.len() > 1 {
            let segments = path.segments.iter();
            let segments: Vec<String> = segments.map(|one| one.ident.to_string()).collect();
            self.add(&segments);
        }
        visit::visit_path(self, path);
    }

    /// `pub(in crate::a)` says where a name is visible, and imports nothing.
    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}

    fn visit_macro(&mut self, item: &'a Macro) {
        let tokens = TokenBuffer::new2(item.tokens.clone());
        self.add_tokens(tokens.begin());
        visit::visit_macro(self, item);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn after_colons(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let (first, rest) = cursor.punct()?;
    let (second, rest) = rest.punct()?;
    (first.as_char() == ':' && second.as_char() == ':').then_some(rest)
}

/// `#[cfg(test)]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute
            .parse_args::<syn::Path>()
            .is_ok_and(|condition| condition.is_ident("test"))
}
