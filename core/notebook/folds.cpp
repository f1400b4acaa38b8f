#include "core/notebook/folds.h"

#include "core/notebook/notebookdocument.h"

#include <nlohmann/json.hpp>

#include <QRandomGenerator>

#include <algorithm>
#include <array>

namespace farcell {

namespace {

using nlohmann::ordered_json;

// The flags of JupyterLab and of the classic notebook's extension, on the heading cell.
constexpr std::array<const char *, 2> cellFlags{"jp-MarkdownHeadingCollapsed", "heading_collapsed"};

ordered_json objectOf(const JsonText &text)
{
    ordered_json value = text.toJson();
    return value.is_object() ? value : ordered_json::object();
}

std::string colabIdOf(const Cell &cell)
{
    const ordered_json metadata = cell.metadata.toJson();
    if (!metadata.is_object() || !metadata.contains("id") || !metadata["id"].is_string())
        return {};
    return metadata["id"].get<std::string>();
}

bool hasFlag(const Cell &cell, const char *flag)
{
    // Most cells have no such key: do not parse all of a long notebook's metadata.
    return cell.metadata.text().contains(flag);
}

bool isFlagged(const Cell &cell, const char *flag)
{
    if (!hasFlag(cell, flag))
        return false;
    const ordered_json metadata = objectOf(cell.metadata);
    return metadata.contains(flag) && metadata[flag] == true;
}

// Colab's list of collapsed headings, or null when the notebook has no colab metadata.
const ordered_json *colabList(const ordered_json &metadata)
{
    static const ordered_json empty = ordered_json::array();
    if (!metadata.contains("colab") || !metadata["colab"].is_object())
        return nullptr;
    const ordered_json &colab = metadata["colab"];
    if (!colab.contains("collapsed_sections") || !colab["collapsed_sections"].is_array())
        return &empty;
    return &colab["collapsed_sections"];
}

// Twelve characters, as Colab makes its cell ids.
std::string newColabId()
{
    static constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string id;
    for (int i = 0; i < 12; ++i)
        id += letters[static_cast<size_t>(
            QRandomGenerator::global()->bounded(static_cast<int>(letters.size())))];
    return id;
}

} // namespace

SectionFolds::SectionFolds(NotebookDocument &document, QObject *parent)
    : QObject(parent)
    , m_document(document)
{
    connect(&document, &NotebookDocument::contentReset, this, &SectionFolds::readLayout);
    connect(&document, &NotebookDocument::cellsInserted, this, &SectionFolds::invalidate);
    connect(&document, &NotebookDocument::cellsRemoved, this, &SectionFolds::invalidate);
    connect(&document, &NotebookDocument::cellsMoved, this, &SectionFolds::invalidate);
    connect(&document, &NotebookDocument::cellChanged, this, &SectionFolds::onSourceEdited);
    connect(&document, &NotebookDocument::sourceEdited, this, &SectionFolds::onSourceEdited);
    readLayout();
}

SectionFolds::~SectionFolds() = default;

void SectionFolds::readLayout()
{
    m_collapsed.clear();
    QSet<QString> listed;
    const ordered_json metadata = objectOf(m_document.metadata());
    if (const ordered_json *const list = colabList(metadata)) {
        for (const ordered_json &id : *list) {
            if (id.is_string())
                listed.insert(QString::fromStdString(id.get<std::string>()));
        }
    }
    for (int i = 0; i < m_document.cellCount(); ++i) {
        const Cell &cell = m_document.cellAt(i);
        if (cell.kind != CellKind::Markdown)
            continue;
        const bool flagged = isFlagged(cell, cellFlags[0]) || isFlagged(cell, cellFlags[1]);
        if (flagged ||
            (!listed.isEmpty() && listed.contains(QString::fromStdString(colabIdOf(cell)))))
            m_collapsed.insert(cell.id);
    }
    invalidate();
}

void SectionFolds::onSourceEdited(const CellId &id)
{
    const Cell *const cell = m_document.findCell(id);
    if (cell == nullptr)
        return;
    // Only a text cell can be, or have been, a heading.
    if (cell->kind == CellKind::Markdown || (!m_stale && sectionOf(id) != nullptr))
        invalidate();
}

void SectionFolds::invalidate()
{
    m_stale = true;
    emit changed();
}

void SectionFolds::update() const
{
    if (!m_stale)
        return;
    m_stale = false;
    m_sections = outlineOf(m_document);
    m_hidden.assign(static_cast<size_t>(m_document.cellCount()), false);
    for (const Section &section : m_sections) {
        if (m_collapsed.contains(section.heading))
            std::fill(m_hidden.begin() + section.first + 1, m_hidden.begin() + section.end, true);
    }
}

const std::vector<Section> &SectionFolds::sections() const
{
    update();
    return m_sections;
}

const Section *SectionFolds::sectionOf(const CellId &heading) const
{
    update();
    const int index = m_document.indexOf(heading);
    const auto found =
        std::lower_bound(m_sections.begin(), m_sections.end(), index,
                         [](const Section &section, int i) { return section.first < i; });
    return index >= 0 && found != m_sections.end() && found->first == index ? &*found : nullptr;
}

bool SectionFolds::isCollapsed(const CellId &heading) const
{
    return m_collapsed.contains(heading) && sectionOf(heading) != nullptr;
}

void SectionFolds::setCollapsed(const CellId &heading, bool collapsed)
{
    if (sectionOf(heading) == nullptr || isCollapsed(heading) == collapsed)
        return;
    if (collapsed)
        m_collapsed.insert(heading);
    else
        m_collapsed.remove(heading);
    invalidate();
}

void SectionFolds::setAllCollapsed(bool collapsed)
{
    m_collapsed.clear();
    if (collapsed) {
        for (const Section &section : sections())
            m_collapsed.insert(section.heading);
    }
    invalidate();
}

bool SectionFolds::isHidden(int cellIndex) const
{
    update();
    return cellIndex >= 0 && cellIndex < static_cast<int>(m_hidden.size()) &&
           m_hidden[static_cast<size_t>(cellIndex)];
}

int SectionFolds::hiddenCount(const CellId &heading) const
{
    const Section *const section = sectionOf(heading);
    return section != nullptr && m_collapsed.contains(heading) ? section->end - section->first - 1
                                                               : 0;
}

std::vector<CellId> SectionFolds::hiddenCells(const CellId &heading) const
{
    std::vector<CellId> ids;
    const Section *const section = sectionOf(heading);
    if (section == nullptr || !m_collapsed.contains(heading))
        return ids;
    for (int i = section->first + 1; i < section->end; ++i)
        ids.push_back(m_document.cellAt(i).id);
    return ids;
}

void SectionFolds::reveal(const CellId &id)
{
    const int index = m_document.indexOf(id);
    if (!isHidden(index))
        return;
    for (const Section &section : sections()) {
        if (section.first < index && index < section.end)
            m_collapsed.remove(section.heading);
    }
    invalidate();
}

std::vector<CellId> SectionFolds::withHiddenCells(std::span<const CellId> ids) const
{
    std::vector<int> indices;
    for (const CellId &id : ids) {
        const int index = m_document.indexOf(id);
        if (index < 0)
            continue;
        const int hidden = hiddenCount(id);
        for (int i = index; i <= index + hidden; ++i)
            indices.push_back(i);
    }
    std::sort(indices.begin(), indices.end());
    indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
    std::vector<CellId> all;
    all.reserve(indices.size());
    for (const int index : indices)
        all.push_back(m_document.cellAt(index).id);
    return all;
}

bool SectionFolds::fileHasFlag(const char *flag) const
{
    for (int i = 0; i < m_document.cellCount(); ++i) {
        if (hasFlag(m_document.cellAt(i), flag))
            return true;
    }
    return false;
}

void SectionFolds::saveLayout()
{
    m_document.beginMacro();
    bool written = false;
    for (const char *const flag : cellFlags) {
        if (fileHasFlag(flag)) {
            saveAsCellFlags(flag);
            written = true;
        }
    }
    if (colabList(objectOf(m_document.metadata())) != nullptr)
        saveAsColabList();
    else if (!written)
        saveAsCellFlags(cellFlags[0]);
    m_document.endMacro();
}

void SectionFolds::saveAsColabList()
{
    ordered_json metadata = objectOf(m_document.metadata());
    // Ids of cells that are not here (any more) stay: another program may know them.
    QSet<QString> here;
    ordered_json list = ordered_json::array();
    std::vector<std::string> collapsed;
    for (int i = 0; i < m_document.cellCount(); ++i) {
        const Cell &cell = m_document.cellAt(i);
        std::string id = colabIdOf(cell);
        if (isCollapsed(cell.id)) {
            if (id.empty()) {
                ordered_json own = objectOf(cell.metadata);
                id = newColabId();
                own["id"] = id;
                m_document.setCellMetadata(cell.id, own);
            }
            collapsed.push_back(id);
        }
        here.insert(QString::fromStdString(id));
    }
    for (const ordered_json &id : *colabList(metadata)) {
        if (!id.is_string() || !here.contains(QString::fromStdString(id.get<std::string>())))
            list.push_back(id);
    }
    for (const std::string &id : collapsed)
        list.push_back(id);
    if (list.empty() && !metadata["colab"].contains("collapsed_sections"))
        return;
    metadata["colab"]["collapsed_sections"] = list;
    m_document.setMetadata(metadata);
}

void SectionFolds::saveAsCellFlags(const char *flag)
{
    for (int i = 0; i < m_document.cellCount(); ++i) {
        const Cell &cell = m_document.cellAt(i);
        const bool collapsed = isCollapsed(cell.id);
        if (!collapsed && !hasFlag(cell, flag))
            continue;
        ordered_json metadata = objectOf(cell.metadata);
        if (collapsed)
            metadata[flag] = true;
        else
            metadata.erase(flag);
        m_document.setCellMetadata(cell.id, metadata);
    }
}

} // namespace farcell
