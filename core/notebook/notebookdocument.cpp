#include "core/notebook/notebookdocument.h"

#include "core/base/jsonmembers.h"
#include "core/notebook/largetext.h"
#include "core/notebook/notebookdocument_p.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

using nlohmann::ordered_json;

QString languageOfKernel(const QString &kernelName)
{
    if (kernelName == QLatin1String("ir"))
        return QStringLiteral("r");
    if (kernelName.startsWith(QLatin1String("julia")))
        return QStringLiteral("julia");
    return QStringLiteral("python");
}

const JsonText &emptyObject()
{
    static const JsonText text(QByteArrayLiteral("{}"));
    return text;
}

} // namespace

NotebookDocument::NotebookDocument(QObject *parent)
    : QObject(parent)
    , m_d(std::make_unique<Private>(this))
{
    m_d->metadata = emptyObject();
    std::vector<Cell> cells(1);
    m_d->prepareNewCells(cells);
    m_d->cells.assign(std::move(cells));
    m_d->cleanState = m_d->history.state();
}

NotebookDocument::~NotebookDocument() = default;

void NotebookDocument::setContent(NotebookContent content)
{
    for (Cell &cell : content.cells) {
        if (cell.id.isEmpty() || m_d->cells.find(cell.id) != nullptr)
            cell.id = newCellId();
    }
    m_d->nbformat = content.nbformat;
    m_d->minor = content.nbformatMinor;
    m_d->convertedFromV3 = content.convertedFromV3;
    if (content.metadata.isNull())
        m_d->metadata = emptyObject();
    else
        m_d->metadata = std::move(content.metadata);
    m_d->style = std::move(content.style);
    m_d->cells.assign(std::move(content.cells));
    m_d->history.clear();
    m_d->dirty = false;
    m_d->cleanState = m_d->history.state();
    emit contentReset();
    m_d->tellStates();
}

NotebookContent NotebookDocument::content() const
{
    NotebookContent content;
    content.nbformat = m_d->nbformat;
    content.nbformatMinor = m_d->minor;
    content.convertedFromV3 = m_d->convertedFromV3;
    content.metadata = m_d->metadata;
    content.style = m_d->style;
    content.cells.reserve(static_cast<size_t>(m_d->cells.size()));
    for (int i = 0; i < m_d->cells.size(); ++i)
        content.cells.push_back(m_d->cells.at(i));
    return content;
}

int NotebookDocument::cellCount() const
{
    return m_d->cells.size();
}

const Cell &NotebookDocument::cellAt(int index) const
{
    return m_d->cells.at(index);
}

const Cell *NotebookDocument::findCell(const CellId &id) const
{
    return m_d->cells.find(id);
}

int NotebookDocument::indexOf(const CellId &id) const
{
    return m_d->cells.indexOf(id);
}

const JsonText &NotebookDocument::metadata() const
{
    return m_d->metadata;
}

QString NotebookDocument::language() const
{
    const ordered_json metadata = m_d->metadata.toJson();
    for (const auto &[group, key] :
         {std::pair("language_info", "name"), std::pair("kernelspec", "language")}) {
        const QString name = textAt(memberOf(metadata, group), key);
        if (!name.isEmpty())
            return name.toLower();
    }
    return languageOfKernel(textAt(memberOf(metadata, "kernelspec"), "name"));
}

QString NotebookDocument::kernelName() const
{
    return textAt(memberOf(m_d->metadata.toJson(), "kernelspec"), "name");
}

bool NotebookDocument::isModified() const
{
    return m_d->isModified();
}

bool NotebookDocument::hasCellIds() const
{
    return m_d->usesFileIds();
}

bool NotebookDocument::isConvertedFromV3() const
{
    return m_d->convertedFromV3;
}

void NotebookDocument::beginMacro()
{
    m_d->history.beginMacro();
}

void NotebookDocument::endMacro()
{
    m_d->history.endMacro();
    m_d->tellStates();
}

bool NotebookDocument::canUndo() const
{
    return m_d->history.canUndo();
}

bool NotebookDocument::canRedo() const
{
    return m_d->history.canRedo();
}

CellId NotebookDocument::undo()
{
    if (!canUndo())
        return {};
    CellId reveal;
    std::vector<Change> &changes = m_d->history.stepBack().changes;
    std::for_each(changes.rbegin(), changes.rend(),
                  [&](Change &change) { reveal = m_d->apply(change, false); });
    m_d->tellStates();
    return reveal;
}

CellId NotebookDocument::redo()
{
    if (!canRedo())
        return {};
    CellId reveal;
    for (Change &change : m_d->history.stepForward().changes)
        reveal = m_d->apply(change, true);
    m_d->tellStates();
    return reveal;
}

void NotebookDocument::startOutputs(const CellId &id)
{
    const Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr || (cell->outputs.isEmpty() && !cell->executionCount))
        return;
    FieldsChange change{id, {}, {}, {}, RunResult{}};
    m_d->make(std::move(change));
}

void NotebookDocument::appendOutput(const CellId &id, const Output &output)
{
    Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr)
        return;
    std::vector<Output> &outputs = cell->outputs.edit();
    outputs.push_back(output);
    const int index = static_cast<int>(outputs.size()) - 1;
    emit outputsChanged(id, index);
    m_d->changedByKernel();
}

void NotebookDocument::appendStreamText(const CellId &id, int outputIndex, const QString &text)
{
    Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr || outputIndex < 0 || outputIndex >= cell->outputs.size() || text.isEmpty())
        return;
    Output &output = cell->outputs.edit()[static_cast<size_t>(outputIndex)];
    output.origin = JsonText();
    appendLarge(output.text, text);
    emit streamAppended(id, outputIndex, static_cast<int>(text.size()));
    m_d->changedByKernel();
}

void NotebookDocument::replaceOutput(const CellId &id, int outputIndex, const Output &output)
{
    Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr || outputIndex < 0 || outputIndex >= cell->outputs.size())
        return;
    cell->outputs.edit()[static_cast<size_t>(outputIndex)] = output;
    emit outputsChanged(id, outputIndex);
    m_d->changedByKernel();
}

void NotebookDocument::truncateOutputs(const CellId &id)
{
    Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr || cell->outputs.isEmpty())
        return;
    cell->outputs = OutputList();
    emit outputsChanged(id, 0);
    m_d->changedByKernel();
}

void NotebookDocument::setExecutionCount(const CellId &id, std::optional<int> count)
{
    Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr || cell->executionCount == count)
        return;
    cell->executionCount = count;
    emit cellChanged(id);
    m_d->changedByKernel();
}

void NotebookDocument::mergeCellMetadata(const CellId &id, const ordered_json &patch)
{
    Cell *const cell = m_d->cells.find(id);
    if (cell == nullptr)
        return;
    ordered_json metadata = cell->metadata.toJson();
    if (!metadata.is_object())
        metadata = ordered_json::object();
    const ordered_json before = metadata;
    metadata.merge_patch(patch);
    if (metadata == before)
        return;
    cell->metadata = cell->metadata.updatedTo(metadata);
    emit cellChanged(id);
    m_d->changedByKernel();
}

void NotebookDocument::markSaved()
{
    m_d->dirty = false;
    m_d->cleanState = m_d->history.state();
    m_d->history.closeTyping(); // undo must be able to come back to what is on disk
    m_d->tellStates();
}

void NotebookDocument::markModified()
{
    m_d->changedByKernel();
}

void NotebookDocument::adoptFormat(const NotebookContent &content)
{
    m_d->nbformat = content.nbformat;
    m_d->minor = content.nbformatMinor;
    m_d->convertedFromV3 = content.convertedFromV3;
    m_d->style = content.style;
    for (const Cell &cell : content.cells) {
        if (Cell *const own = m_d->cells.find(cell.id)) {
            own->origin = cell.origin;
            own->fileId = cell.fileId;
        }
    }
}

} // namespace farcell
