#include "app/panels/filetree.h"

#include "app/notebook/runtimehub.h"
#include "app/theme/theme.h"
#include "core/base/onfinished.h"

#include <QFuture>
#include <QLocale>

#include <algorithm>
#include <utility>

namespace farcell {

struct FileTree::Node
{
    ContentsEntry entry;
    Node *parent = nullptr;
    bool fetched = false;
    bool fetching = false;
    std::vector<std::unique_ptr<Node>> children;
};

FileTree::FileTree(ThemeSource &theme, QObject *parent)
    : QAbstractItemModel(parent)
    , m_theme(theme)
    , m_root(std::make_unique<Node>())
{}

FileTree::~FileTree() = default;

void FileTree::setRoot(Runtime *runtime, const QString &directory)
{
    beginResetModel();
    ++m_generation;
    m_runtime = runtime;
    m_directory = directory;
    m_root = std::make_unique<Node>();
    m_root->entry.path = directory;
    m_root->entry.type = ContentsEntry::Type::Directory;
    endResetModel();
    if (runtime)
        fetch(*m_root);
}

void FileTree::refresh()
{
    std::vector<Node *> folders{m_root.get()};
    for (size_t i = 0; i < folders.size(); ++i) {
        for (const auto &child : folders.at(i)->children) {
            if (child->fetched)
                folders.push_back(child.get());
        }
    }
    for (Node *folder : folders)
        fetch(*folder);
}

void FileTree::refreshFolder(const QString &path)
{
    if (Node *node = findNode(path))
        fetch(*node);
}

FileTree::Node *FileTree::findNode(const QString &path) const
{
    std::vector<Node *> nodes{m_root.get()};
    for (size_t i = 0; i < nodes.size(); ++i) {
        if (nodes.at(i)->entry.path == path)
            return nodes.at(i);
        for (const auto &child : nodes.at(i)->children)
            nodes.push_back(child.get());
    }
    return nullptr;
}

void FileTree::fetch(Node &node)
{
    if (node.fetching || !m_runtime)
        return;
    node.fetching = true;
    m_runtime->whenReady(this, [this, generation = m_generation,
                                path = node.entry.path](const Result<RuntimeClient *> &client) {
        if (generation != m_generation)
            return;
        if (!client) {
            if (Node *folder = findNode(path))
                folder->fetching = false;
            emit failed(client.error());
            return;
        }
        onFinished((*client)->listDirectory(path), this,
                   [this, generation, path](const Result<QList<ContentsEntry>> &entries) {
                       Node *folder = generation == m_generation ? findNode(path) : nullptr;
                       if (!folder)
                           return;
                       folder->fetching = false;
                       folder->fetched = true;
                       if (entries)
                           setChildren(*folder, *entries);
                       else
                           emit failed(entries.error());
                   });
    });
}

// Entries that are still there keep their nodes, so that open folders stay open.
void FileTree::setChildren(Node &node, QList<ContentsEntry> entries)
{
    using Type = ContentsEntry::Type;
    std::sort(entries.begin(), entries.end(), [](const ContentsEntry &a, const ContentsEntry &b) {
        const bool aFolder = a.type == Type::Directory;
        const bool bFolder = b.type == Type::Directory;
        return aFolder != bFolder ? aFolder : a.name.compare(b.name, Qt::CaseInsensitive) < 0;
    });
    const QModelIndex parent = indexOf(node);
    for (int i = int(node.children.size()) - 1; i >= 0; --i) {
        const ContentsEntry &old = node.children.at(size_t(i))->entry;
        const bool stays = std::any_of(entries.begin(), entries.end(), [&old](const auto &entry) {
            return entry.path == old.path && entry.type == old.type;
        });
        if (stays)
            continue;
        beginRemoveRows(parent, i, i);
        node.children.erase(node.children.begin() + i);
        endRemoveRows();
    }
    for (int i = 0; i < int(entries.size()); ++i) {
        const bool known = i < int(node.children.size()) &&
                           node.children.at(size_t(i))->entry.path == entries.at(i).path;
        if (known) {
            node.children.at(size_t(i))->entry = entries.at(i);
            continue;
        }
        beginInsertRows(parent, i, i);
        auto child = std::make_unique<Node>();
        child->entry = entries.at(i);
        child->parent = &node;
        node.children.insert(node.children.begin() + i, std::move(child));
        endInsertRows();
    }
    emit loaded(node.entry.path);
}

FileTree::Node *FileTree::nodeOf(const QModelIndex &index) const
{
    return index.isValid() ? static_cast<Node *>(index.internalPointer()) : m_root.get();
}

QModelIndex FileTree::indexOf(const Node &node) const
{
    if (!node.parent)
        return {};
    const auto &siblings = node.parent->children;
    const auto it = std::find_if(siblings.begin(), siblings.end(),
                                 [&node](const auto &child) { return child.get() == &node; });
    return createIndex(int(it - siblings.begin()), 0, const_cast<Node *>(&node));
}

const ContentsEntry *FileTree::entry(const QModelIndex &index) const
{
    return index.isValid() ? &nodeOf(index)->entry : nullptr;
}

QModelIndex FileTree::index(int row, int column, const QModelIndex &parent) const
{
    const Node *node = nodeOf(parent);
    if (column != 0 || row < 0 || row >= int(node->children.size()))
        return {};
    return createIndex(row, 0, node->children.at(size_t(row)).get());
}

QModelIndex FileTree::parent(const QModelIndex &index) const
{
    const Node *node = nodeOf(index);
    return node->parent ? indexOf(*node->parent) : QModelIndex();
}

int FileTree::rowCount(const QModelIndex &parent) const
{
    return int(nodeOf(parent)->children.size());
}

int FileTree::columnCount(const QModelIndex & /*parent*/) const
{
    return 1;
}

bool FileTree::hasChildren(const QModelIndex &parent) const
{
    const Node *node = nodeOf(parent);
    return node->entry.type == ContentsEntry::Type::Directory &&
           (!node->fetched || !node->children.empty());
}

bool FileTree::canFetchMore(const QModelIndex &parent) const
{
    const Node *node = nodeOf(parent);
    return m_runtime && node->entry.type == ContentsEntry::Type::Directory && !node->fetched &&
           !node->fetching;
}

void FileTree::fetchMore(const QModelIndex &parent)
{
    fetch(*nodeOf(parent));
}

QVariant FileTree::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const ContentsEntry &entry = nodeOf(index)->entry;
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
        return entry.name;
    case Qt::DecorationRole:
        if (entry.type == ContentsEntry::Type::Directory)
            return m_theme.icon(QStringLiteral("folder"));
        return entry.type == ContentsEntry::Type::Notebook
                   ? m_theme.icon(QStringLiteral("notebook"), m_theme.theme().accent)
                   : m_theme.icon(QStringLiteral("file"));
    case Qt::ToolTipRole: {
        QString text = entry.path;
        if (entry.size >= 0)
            text += QLatin1Char('\n') + QLocale().formattedDataSize(entry.size);
        if (entry.lastModified.isValid())
            text += QLatin1Char('\n') +
                    QLocale().toString(entry.lastModified.toLocalTime(), QLocale::ShortFormat);
        return text;
    }
    default:
        return {};
    }
}

} // namespace farcell
