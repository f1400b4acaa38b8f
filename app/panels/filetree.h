#pragma once

#include "app/notebook/runtimehub.h"
#include "core/client/runtimeclient.h"

#include <QAbstractItemModel>
#include <QPointer>

#include <memory>
#include <vector>

namespace farcell {

class ThemeSource;

// The files of one runtime as a tree, read folder by folder when a folder is opened. GUI thread.
// Not here: what can be done with a file (FilesPanel).
class FileTree : public QAbstractItemModel
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FileTree)

public:
    explicit FileTree(ThemeSource &theme, QObject *parent = nullptr);
    ~FileTree() override;

    // Shows `directory` of the runtime (relative to its root; empty: the root itself).
    void setRoot(Runtime *runtime, const QString &directory);
    void refresh(); // all folders read so far
    void refreshFolder(const QString &path);
    [[nodiscard]] const ContentsEntry *entry(const QModelIndex &index) const; // null: the root
    [[nodiscard]] QString directory() const { return m_directory; }

    [[nodiscard]] QModelIndex index(int row, int column, const QModelIndex &parent) const override;
    [[nodiscard]] QModelIndex parent(const QModelIndex &index) const override;
    [[nodiscard]] int rowCount(const QModelIndex &parent) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] bool hasChildren(const QModelIndex &parent) const override;
    [[nodiscard]] bool canFetchMore(const QModelIndex &parent) const override;
    void fetchMore(const QModelIndex &parent) override;

signals:
    void loaded(const QString &directory);
    void failed(const farcell::Error &error);

private:
    struct Node;
    [[nodiscard]] Node *nodeOf(const QModelIndex &index) const;
    [[nodiscard]] QModelIndex indexOf(const Node &node) const;
    [[nodiscard]] Node *findNode(const QString &path) const;
    void fetch(Node &node);
    void setChildren(Node &node, QList<ContentsEntry> entries);

    ThemeSource &m_theme;
    QPointer<Runtime> m_runtime;
    QString m_directory;
    std::unique_ptr<Node> m_root;
    int m_generation = 0; // answers for an earlier root are stale
};

} // namespace farcell
