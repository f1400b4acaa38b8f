#pragma once

#include "core/notebook/outline.h"

#include <QObject>
#include <QSet>

#include <span>
#include <vector>

namespace farcell {

// Which sections of a notebook are collapsed: Colab's rules. The state is read from the file when
// the content is set, lives in the session, and is written only by saveLayout(), in the form that
// the file already uses (Colab's list, or JupyterLab's or the classic extension's cell flag).
//
// Lives beside the document, on its thread; the document must outlive it.
// Not here: the outline itself (outline.h), drawing.
class SectionFolds : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SectionFolds)

public:
    explicit SectionFolds(NotebookDocument &document, QObject *parent = nullptr);
    ~SectionFolds() override;

    [[nodiscard]] const std::vector<Section> &sections() const; // as outlineOf(), kept up to date
    [[nodiscard]] const Section *sectionOf(const CellId &heading) const; // null: no heading
    [[nodiscard]] bool isCollapsed(const CellId &heading) const;
    void setCollapsed(const CellId &heading, bool collapsed);
    void setAllCollapsed(bool collapsed);

    [[nodiscard]] bool isHidden(int cellIndex) const;           // inside a collapsed section
    [[nodiscard]] int hiddenCount(const CellId &heading) const; // "N cells hidden"; 0 if open
    [[nodiscard]] std::vector<CellId> hiddenCells(const CellId &heading) const; // to run them
    // Opens every section that hides the cell: for find, errors and links.
    void reveal(const CellId &id);
    // The cells with, for each collapsed heading among them, its hidden cells: what moving,
    // deleting or copying them means.
    [[nodiscard]] std::vector<CellId> withHiddenCells(std::span<const CellId> ids) const;

    // Writes the state into the notebook's metadata, as one undo step.
    void saveLayout();

signals:
    void changed(); // something is hidden or shown

private:
    void readLayout();
    void onSourceEdited(const CellId &id);
    void invalidate();
    void update() const;
    void saveAsColabList();
    void saveAsCellFlags(const char *flag);
    [[nodiscard]] bool fileHasFlag(const char *flag) const;

    NotebookDocument &m_document;
    QSet<CellId> m_collapsed; // headings, also ones that are no headings at the moment
    mutable bool m_stale = true;
    mutable std::vector<Section> m_sections;
    mutable std::vector<bool> m_hidden;
};

} // namespace farcell
