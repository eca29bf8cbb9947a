"""The one script of the employee's page: keeps what is typed. Without it the save button does the same."""

AUTOSAVE = """<script>(()=>{
const form=document.getElementById('sheet'),note=document.getElementById('kept');
let dirty=false,busy=false,stopped=false,timer=0;
const body=()=>{const d=new URLSearchParams(new FormData(form));d.set('what','autosave');return d};
const save=async()=>{
 if(busy||!dirty||stopped)return;busy=true;dirty=false;
 try{const r=await fetch(form.action,{method:'POST',body:body()}),v=await r.json();
  if(r.ok){form.elements.version.value=v.version;note.className='note';
   note.textContent=v.text+' '+new Date().toTimeString().slice(0,5)}
  else{stopped=r.status===409||r.status===404;note.className='flag';note.textContent=v.text}
 }catch(e){dirty=true;note.className='flag';note.textContent=form.dataset.failed;timer=setTimeout(save,4000)}
 busy=false;if(dirty&&!stopped){clearTimeout(timer);timer=setTimeout(save,800)}};
form.addEventListener('input',()=>{dirty=true;if(!stopped){note.className='note';note.textContent=form.dataset.typing}
 clearTimeout(timer);timer=setTimeout(save,800)});
let sending=false;
form.addEventListener('submit',(e)=>{clearTimeout(timer);stopped=sending=true;if(!busy)return;
 e.preventDefault();const b=e.submitter,go=()=>busy?setTimeout(go,100):form.requestSubmit(b);setTimeout(go,100)});
addEventListener('pagehide',()=>{if(dirty&&!busy&&!stopped&&!sending)fetch(form.action,{method:'POST',body:body(),keepalive:true})});
addEventListener('pageshow',(e)=>{if(e.persisted)location.reload()});
})()</script>"""
